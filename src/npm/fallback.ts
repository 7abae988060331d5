// Where there is no WebAssembly: the browser's own EventSource, behind an object of ours.

import { createEvent, createMessageEvent } from './events.js';
import { CSP_ADVICE } from './failure.js';

/** Read before `eventsource-wasm/auto`, or the page, can put ours in its place. */
const NativeEventSource = (globalThis as Partial<typeof globalThis>).EventSource;

let isReported = false;

/** A source that the browser's own class does the work for. */
export interface Fallback {
  /** Hands on events of this type, too. */
  listen(type: string): void;
  close(): void;
}

/**
 * Opens a stream with the browser's own EventSource.
 *
 * @param reason why there is no WebAssembly
 * @param handOn dispatches a copy of an event; the readyState is the given one from now on
 * @returns `undefined` where the browser has none
 */
export function fallBack(
  url: string,
  withCredentials: boolean,
  reason: unknown,
  handOn: (readyState: 0 | 1 | 2, event: Event) => void,
): Fallback | undefined {
  if (!NativeEventSource) return undefined;
  if (!isReported) {
    isReported = true;
    console.warn(
      `eventsource-wasm uses the browser's own EventSource, because WebAssembly could not be started (${reason}). ${CSP_ADVICE}`,
    );
  }
  const native = new NativeEventSource(url, { withCredentials });
  // An event of the stream has data, whatever its type.
  const copy = (event: Event | MessageEvent) =>
    'data' in event ? createMessageEvent(event.type, event, event.origin) : createEvent(event.type);
  const listener = (event: Event) => handOn(native.readyState as 0 | 1 | 2, copy(event));
  // The same listener is added only once for each type.
  const listen = (type: string) => native.addEventListener(type, listener);
  for (const type of ['open', 'message', 'error']) listen(type);
  return { listen, close: () => native.close() };
}
