// The clients whose speed is measured: for each, how a page with it opens a stream.
//
// `open` of `page.mjs` gets a function with these parameters:
// - `url`
// - `type`: that of the events to listen to
// - `receive(data, event)`: to be called for each of them
// - `end(data, lastEventId)`: to be called for the event named "end"; the stream is closed then
// - `fail(error)`
// - `stream`: what else is known of it: `bytes` and `characters`, after which the limits end, and how many `events` it
//   has of the type

import { join } from 'node:path';
import { BENCH } from '../clients.mjs';

const PAGE = JSON.stringify(join(BENCH, 'speed', 'page.mjs'));

/** By the interface of the browser's own. */
const eventSource = (construction) => `
  open((url, type, receive, end, fail) => {
    const source = ${construction};
    source.addEventListener(type, (event) => receive(event.data, event));
    source.addEventListener('end', ({ data, lastEventId }) => {
      source.close();
      end(data, lastEventId);
    });
    source.addEventListener('error', (event) => fail(event.message ?? 'an error event'));
  });`;

/** By a function that gets each message; the id is that of the message alone. */
const messages = (subscribe) => `
  open((url, type, receive, end, fail, stream) => {
    const controller = new AbortController();
    let lastId = '';
    const take = (message) => {
      if (message.id) lastId = message.id;
      const ownType = message.event || 'message';
      if (ownType === type) receive(message.data, message);
      else if (ownType === 'end') {
        controller.abort();
        end(message.data, lastId);
      }
    };
    const failUnlessClosed = (error) => controller.signal.aborted || fail(error);
    ${subscribe}
  });`;

/** By a loop over the chunks of the body, which sees no events; `take` is what it does with each chunk. */
const reading = (isBYOB, take = '', characters = 'stream.characters') => `
  open(async (url, type, receive, end, fail, stream) => {
    let rest = stream.bytes;
    let characters = 0;
    let dispatched = 0;
    const decoder = new TextDecoder();
    const { body } = await fetch(url);
    const reader = body.getReader(${isBYOB ? `{ mode: 'byob' }` : ''});
    let buffer = new ArrayBuffer(64 * 1024);
    while (rest > 0) {
      const { done, value } = await reader.read(${isBYOB ? 'new Uint8Array(buffer)' : ''});
      if (done) return fail('the stream has ended');
      buffer = value.buffer;
      rest -= value.length;
      ${take}
    }
    reader.cancel();
    end(undefined, undefined, ${characters});
  });`;
const DECODE = 'characters += decoder.decode(value, { stream: true }).length;';

/** Each beside those that it is compared with: the pace of a busy machine changes from minute to minute. */
const CODE = {
  native: eventSource('new EventSource(url)'),
  'eventsource-wasm': `import { EventSource } from 'eventsource-wasm';${eventSource('new EventSource(url)')}`,
  'eventsource-wasm onBatch': `import { EventSource } from 'eventsource-wasm';
  open((url, type, receive, end, fail) => {
    const source = new EventSource(url, {
      onBatch(messages) {
        for (const message of messages) {
          if (message.type === type) receive(message.data, message);
          else if (message.type === 'end') {
            source.close();
            end(message.data, message.lastEventId);
          }
        }
      },
    });
    source.onerror = ({ message }) => fail(message);
  });`,
  'eventsource-parser': `import { createParser } from 'eventsource-parser';${messages(`
    (async () => {
      const { body } = await fetch(url, { signal: controller.signal });
      const reader = body.getReader();
      const decoder = new TextDecoder();
      const parser = createParser({ onEvent: take });
      for (;;) {
        const { done, value } = await reader.read();
        if (done) throw new Error('the stream has ended');
        parser.feed(decoder.decode(value, { stream: true }));
      }
    })().catch(failUnlessClosed);`)}`,
  eventsource: `import { EventSource } from 'eventsource';${eventSource('new EventSource(url)')}`,
  'event-source-polyfill': `import { EventSourcePolyfill } from 'event-source-polyfill';${eventSource('new EventSourcePolyfill(url)')}`,
  '@microsoft/fetch-event-source': `import { fetchEventSource } from '@microsoft/fetch-event-source';${messages(`
    fetchEventSource(url, {
      signal: controller.signal,
      openWhenHidden: true,
      // It makes a message of the blank line after a comment, too.
      onmessage: (message) => message.data && take(message),
      onclose: () => failUnlessClosed('the stream has ended'),
      onerror(error) {
        failUnlessClosed(error);
        throw error;
      },
    });`)}`,
  'sse.js': `import { SSE } from 'sse.js';${eventSource('new SSE(url)')}`,
  'eventsource-client': `import { createEventSource } from 'eventsource-client';${messages(`
    const source = createEventSource({
      url,
      onMessage: take,
      onDisconnect: () => failUnlessClosed('the connection is lost'),
    });
    controller.signal.addEventListener('abort', () => source.close());`)}`,
  'eventsource-parser/stream': `import { EventSourceParserStream } from 'eventsource-parser/stream';${messages(`
    (async () => {
      const { body } = await fetch(url, { signal: controller.signal });
      const reader = body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream()).getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) throw new Error('the stream has ended');
        take(value);
      }
    })().catch(failUnlessClosed);`)}`,
  'limit: read': reading(false),
  'limit: read BYOB': reading(true),
  'limit: decode': reading(true, DECODE, 'characters'),
  /** And the least that an event costs that a script dispatches: without data, and without any parsing. */
  'limit: dispatch': `
  const target = new EventTarget();
  let heard = 0;
  const listener = () => { heard++; };
  ${reading(
    true,
    `${DECODE}
      if (dispatched === 0) target.addEventListener(type, listener);
      for (; dispatched < stream.events * (1 - rest / stream.bytes); dispatched++) {
        target.dispatchEvent(new Event(type));
      }`,
    'characters',
  )}`,
};

/** The code of the page of each client. */
export const PAGES = Object.fromEntries(
  Object.entries(CODE).map(([client, code]) => [client, `import { open } from ${PAGE};${code}`]),
);
