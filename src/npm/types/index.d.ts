// The types of `eventsource-wasm`.

/**
 * The class, with its engine inside: nothing to serve beside it, nothing to await. The engine is compiled at
 * the first construction.
 *
 * ```js
 * import { EventSource } from 'eventsource-wasm';
 *
 * const source = new EventSource('/events');
 * source.onmessage = (event) => console.log(event.data);
 * ```
 *
 * **In a page without modules** the classic script `dist/eventsource.iife.min.js` has the same exports as
 * properties of the global `eventsourceWasm`:
 *
 * ```html
 * <script src="https://cdn.jsdelivr.net/npm/eventsource-wasm"></script>
 * <script>
 *   const source = new eventsourceWasm.EventSource('/events');
 * </script>
 * ```
 *
 * Where a page's Content-Security-Policy does not allow `'wasm-unsafe-eval'` in its `script-src`, the browser's
 * own `EventSource` does the work behind the same object.
 *
 * @module eventsource-wasm
 */

export {
  EventSource,
  type EventSourceConstructor,
  EventSourceError,
  type EventSourceErrorEvent,
  type EventSourceEventMap,
  type EventSourceFailure,
  type EventSourceInit,
  type EventSourceMessage,
  type EventSourceOpenEvent,
  type EventSourceReconnectionTimeEvent,
  type EventSourceRetry,
} from './EventSource.js';
export { EventSourceDecoderStream, type EventsInit, events, type ParsedData, parseJSON } from './stream.js';

/**
 * Compiles the engine now instead of at the first construction. It never has to be called; further calls
 * do nothing.
 *
 * Where WebAssembly is not allowed it does nothing: sources then use the browser's own `EventSource`.
 *
 * @returns a promise that is fulfilled when sources can start without any delay
 *
 * @example
 * ```ts
 * import { init } from 'eventsource-wasm';
 *
 * requestIdleCallback(() => init());
 * ```
 */
export declare function init(): Promise<void>;
