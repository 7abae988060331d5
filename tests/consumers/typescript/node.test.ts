// What TypeScript makes of the package in a program for Node.js, which has no types of the DOM.

import { readFile } from 'node:fs/promises';
import { EventSource } from 'eventsource-wasm';
import { init } from 'eventsource-wasm/slim';

const source = new EventSource<{ add: MessageEvent }>('https://example.com/events', { withCredentials: true });
source.onmessage = ({ data, lastEventId }) => console.log(data, lastEventId);
source.addEventListener('add', ({ data }) => console.log(data), { once: true });
source.onerror = ({ type }) => {
  if (type === 'error' && source.readyState === EventSource.CLOSED) process.exitCode = 1;
};
// @ts-expect-error: an event, not any
source.onopen = (event) => event.data;
export const ready: Promise<void> = init(readFile('eventsource.wasm'));
