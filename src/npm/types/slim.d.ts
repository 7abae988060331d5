// The types of `eventsource-wasm/slim`.

/**
 * The same class without the engine inside, which is a file of its own: `eventsource-wasm/eventsource.wasm`.
 * Browsers compile it while it arrives and can cache it apart. Sources wait until {@link init} has been called.
 *
 * @module eventsource-wasm/slim
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
 * Provides the engine, `eventsource-wasm/eventsource.wasm`. It has to be called once, before or after
 * the first construction; further calls do nothing.
 *
 * Where WebAssembly is not allowed it does nothing: sources then use the browser's own `EventSource`.
 *
 * @param input the file's URL, a response with it, its bytes, or the compiled module
 * @returns a promise that is fulfilled when sources can start without any delay; it is rejected where
 *   the file can't be had or is not the right one, and then `init` can be called anew
 *
 * @example
 * ```ts
 * import { EventSource, init } from 'eventsource-wasm/slim';
 *
 * init('/assets/eventsource.wasm');
 * const source = new EventSource('/events');
 * ```
 */
export declare function init(input: EngineInput | Promise<EngineInput>): Promise<void>;

/** What {@link init} takes: a URL, a response, the bytes, or a `WebAssembly.Module`, which has no members to tell it by. */
export type EngineInput = string | URL | Response | ArrayBuffer | ArrayBufferView | object;
