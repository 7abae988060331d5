// Where there is no WebAssembly: the browser's own EventSource, behind an object of ours.

import type { EventSource } from './EventSource.js';
import { CSP_ADVICE } from './failure.js';
import { createMessageEvent } from './MessageEvent.js';

/** Read before `eventsource-wasm/auto`, or the page, can put ours in its place. */
const NativeEventSource = (globalThis as Partial<typeof globalThis>).EventSource;

let isReported = false;

/**
 * Opens the stream of `source` with the browser's own EventSource.
 *
 * @param reason why there is no WebAssembly
 * @param handOn dispatches an event at `source`, whose readyState is the given one from now on
 * @returns `undefined` where the browser has none
 */
export function fallBack(
  source: EventSource,
  reason: unknown,
  handOn: (readyState: 0 | 1 | 2, event: Event) => void,
): globalThis.EventSource | undefined {
  if (!NativeEventSource) return undefined;
  if (!isReported) {
    isReported = true;
    console.warn(
      `eventsource-wasm uses the browser's own EventSource, because WebAssembly could not be started (${reason}). ${CSP_ADVICE}`,
    );
  }
  const { url, withCredentials } = source;
  const native = new NativeEventSource(url, { withCredentials });
  const copy = (event: Event) =>
    event instanceof MessageEvent
      ? createMessageEvent(event.type, event.data, event.origin, event.lastEventId)
      : new Event(event.type);
  const listener = (event: Event) => handOn(native.readyState as 0 | 1 | 2, copy(event));
  // It has to be asked for each type that is listened to. The same listener is added only once.
  const listen = (type: string) => native.addEventListener(type, listener);
  for (const type of ['open', 'message', 'error']) listen(type);
  Object.defineProperty(source, 'addEventListener', {
    value(this: EventSource, ...args: Parameters<EventTarget['addEventListener']>) {
      listen(args[0]);
      EventTarget.prototype.addEventListener.apply(this, args);
    },
    configurable: true,
    writable: true,
  });
  return native;
}
