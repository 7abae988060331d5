// What TypeScript makes of the package: this file compiles, or a type is wrong.

import 'eventsource-wasm/auto';
import { init, EventSource as OurEventSource } from 'eventsource-wasm';
import { init as initSlim, EventSource as SlimEventSource } from 'eventsource-wasm/slim';

declare const browsers: EventSource;
declare const ours: OurEventSource;

// A source of either kind stands in for the other, and so does our class for the browser's.
export const ourSourceAsBrowsers: EventSource = ours;
export const browsersSourceAsOurs: OurEventSource = browsers;
export const ourClassAsBrowsers: typeof EventSource = OurEventSource;
export const browsersClassAsOurs: typeof OurEventSource = EventSource;
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
// @ts-expect-error: there are no headers, as in the browser's
new OurEventSource('/events', { headers: {} });
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
