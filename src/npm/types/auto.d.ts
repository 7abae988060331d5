// The types of `eventsource-wasm/auto`.

/**
 * Sets `globalThis.EventSource` to the class of `eventsource-wasm` where there is none, as in Node.js; a class
 * that is there stays. It is imported for this effect alone and exports nothing.
 *
 * ```js
 * import 'eventsource-wasm/auto';
 *
 * const source = new EventSource('https://example.com/events');
 * ```
 *
 * To replace a browser's own class, too, for code that uses the global one, do it by hand:
 *
 * ```js
 * import { EventSource } from 'eventsource-wasm';
 *
 * globalThis.EventSource = EventSource;
 * ```
 *
 * @module eventsource-wasm/auto
 */
export {};
