// What TypeScript makes of the package: this file compiles, or a type is wrong.

import 'eventsource-wasm/auto';
import {
  EventSourceDecoderStream,
  EventSourceError,
  type EventSourceMessage,
  events,
  init,
  EventSource as OurEventSource,
  type EventSourceInit as OurInit,
  parseJSON,
} from 'eventsource-wasm';
import { init as initSlim, EventSource as SlimEventSource } from 'eventsource-wasm/slim';

declare const browsers: EventSource;
declare const ours: OurEventSource;

// Our sources and our class stand in for the browser's.
export const ourSourceAsBrowsers: EventSource = ours;
export const ourClassAsBrowsers: typeof EventSource = OurEventSource;
// @ts-expect-error: the browser's has less
export const browsersSourceAsOurs: OurEventSource = browsers;
export const slimAsOurs: typeof OurEventSource = SlimEventSource;
globalThis.EventSource = OurEventSource;
const AnyEventSource = globalThis.EventSource ?? OurEventSource;
export const either: EventSource = new AnyEventSource('/events');

// Everything that the browser's has.
const source = new OurEventSource(new URL('https://example.com/events'), { withCredentials: true });
export const target: EventTarget = source;
export const url: string = source.url;
export const withCredentials: boolean = source.withCredentials;
export const closed: boolean = source.readyState === OurEventSource.CLOSED || source.readyState === source.CLOSED;
source.onopen = (event) => event.type;
source.onerror = function () {
  this.close();
};
source.onmessage = ({ data, lastEventId, origin }: MessageEvent) => [data, lastEventId, origin];
source.onmessage = null;
source.addEventListener('add', ({ data, lastEventId }) => [data, lastEventId], { once: true });
source.addEventListener('open', (event: Event) => event.type);
source.addEventListener('message', { handleEvent: (event: Event) => event.type });
const listener = (event: MessageEvent) => event.data;
source.addEventListener('remove', listener);
source.removeEventListener('remove', listener);

source.addEventListener('error', ({ message }) => message?.includes('closed'));

// An event map gives the events of a stream their types.
type UserEvents = { add: MessageEvent<string>; remove: MessageEvent<string> };
const users = new OurEventSource<UserEvents>('/users');
users.addEventListener('add', (event) => {
  const data: string = event.data;
  // @ts-expect-error: a string, not any
  const number: number = event.data;
  return [data, number];
});
users.addEventListener('message', ({ data }) => data);
export const usersAsBrowsers: EventSource = users;

// Everything beyond the browser's.
export const options: OurInit = {
  headers: async () => ({ Authorization: 'Bearer 1' }),
  method: 'POST',
  body: () => new URLSearchParams({ topic: 'news' }),
  url: () => new URL('https://example.com/events'),
  credentials: 'omit',
  fetch: (input, request) => fetch(input, request),
  signal: new AbortController().signal,
  lastEventId: '7',
  lastEventIdParam: 'lastEventId',
  retry: {
    ...{ delay: 1_000, factor: 1.5, maxDelay: 10_000, jitter: 1, attempts: 5, resetAfter: 5_000, resend: true },
    statuses: [503],
    when: ({ cause, status, delay = 0 }) => (cause === 'status' && status === 503 ? delay * 2 : undefined),
  },
  connectTimeout: 5_000,
  idleTimeout: 30_000,
  pauseWhenHidden: true,
  validate: ({ headers }) => headers.has('X-Stream'),
  onBatch: (messages) => messages.map(({ type, data, lastEventId }) => [type, data, lastEventId]),
};
const extended = new OurEventSource('/events', { ...options, fetch });
extended.onopen = ({ status, headers, url: opened }) => [status, headers?.get('X-Stream'), opened];
extended.onerror = ({ cause, status, willRetry, delay, attempt, body, error }) => {
  if (cause === 'timeout') extended.reconnect();
  return [status, willRetry, delay, attempt, body, error];
};
extended.addEventListener(OurEventSource.ANY, ({ type, data }) => [type, data.length]);
extended.addEventListener(OurEventSource.COMMENT, ({ data }) => data.length);
extended.addEventListener(OurEventSource.ID, ({ lastEventId }) => lastEventId);
extended.addEventListener(OurEventSource.RECONNECTION_TIME, ({ reconnectionTime }) => reconnectionTime.toFixed());
extended.addEventListener(OurEventSource.RECONNECT, ({ delay, attempt }) => [delay, attempt]);
export const known: [string, number] = [extended.lastEventId, extended.reconnectionTime];
export async function consume(body: ReadableStream<Uint8Array>): Promise<EventSourceMessage | undefined> {
  for await (const { type, data, lastEventId } of extended) console.log(type, data, lastEventId);
  for await (const [first] of extended.batches()) console.log(first?.data);
  const given: EventSource = OurEventSource.fromReadableStream(body);
  console.log(given.url);
  try {
    for await (const message of events('/tokens', { method: 'POST', body: '{}', until: '[DONE]' })) {
      const { value, error } = parseJSON<{ token: string }>(message);
      console.log(value?.token.length, error);
    }
  } catch (error) {
    if (error instanceof EventSourceError) console.log(error.status, error.message, error.cause === 'status');
  }
  const { value } = await body.pipeThrough(new EventSourceDecoderStream()).getReader().read();
  return value ?? (await extended.readable.getReader().read()).value;
}

// Getting ready is a promise of nothing.
export const ready: Promise<void> = init();
export const slimReady: Promise<void>[] = [
  initSlim('/eventsource.wasm'),
  initSlim(new URL('https://example.com/eventsource.wasm')),
  initSlim(fetch('/eventsource.wasm')),
  initSlim(new Response()),
  initSlim(new WebAssembly.Module(new Uint8Array(8))),
  initSlim(new ArrayBuffer(8)),
];

// Wrong uses are errors.
// @ts-expect-error: a URL is needed
new OurEventSource();
// @ts-expect-error: a URL is a string or a URL
new OurEventSource(5);
// @ts-expect-error: withCredentials is a boolean
new OurEventSource('/events', { withCredentials: 'yes' });
// @ts-expect-error: a time is a number
new OurEventSource('/events', { connectTimeout: '1s' });
// @ts-expect-error: there is no such member
new OurEventSource('/events', { retry: { maxAttempts: 3 } });
// @ts-expect-error: a body is no object
new OurEventSource('/events', { method: 'POST', body: { prompt: 'Hello' } });
// @ts-expect-error: a class is constructed, not called
OurEventSource('/events');
// @ts-expect-error: the state is the source's own
source.readyState = 2;
// @ts-expect-error: a handler is a function
source.onmessage = 'handler';
// @ts-expect-error: the event is a MessageEvent
source.addEventListener('add', (event: CloseEvent) => event.code);
// @ts-expect-error: slim has no engine of its own
initSlim();
