// The other ways to take a stream: loops, batches, streams, and one request without a source.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startServer } from '../../scripts/server.mjs';
import { BROWSERS } from './browsers.mjs';

/** In the page; the classes are the page's, because what Firefox's driver runs has builtins of its own. */
const IN_PAGE = `
  const { EventSource, EventSourceError, EventSourceDecoderStream, events, parseJSON } = eventsourceWasm;
  const { Uint8Array, Uint16Array, DataView, ArrayBuffer } = window;
  /** A test that waits in vain fails. */
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error('It did not happen.')), 15_000));
  const unhandled = [];
  addEventListener('unhandledrejection', ({ reason }) => unhandled.push(String(reason)));
  const pass = (time) => new Promise((resolve) => setTimeout(resolve, time));
  const next = (source, type) => new Promise((resolve) => source.addEventListener(type, resolve, { once: true }));
  const show = ({ type, data, lastEventId }) => [type, data, lastEventId].join();
  const thrown = async (promise) => {
    try { await promise; } catch (error) { return error; }
    throw new Error('Nothing was thrown.');
  };
  /** What is told of a failure, as JSON can hold it. */
  const tell = (error) => ({
    isError: error instanceof EventSourceError && error instanceof window.Error,
    name: error.name, message: error.message, cause: error.cause, status: error.status, body: error.body,
    type: error.headers?.get('Content-Type'), url: error.url, willRetry: error.willRetry, attempt: error.attempt,
  });
  const take = async (messages, until) => {
    const seen = [];
    for await (const message of messages) {
      seen.push(show(message));
      if (message.data === until) break;
    }
    return seen;
  };
  const encode = (text) => new window.TextEncoder().encode(text);
  const streamOf = (...chunks) => new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(typeof chunk === 'string' ? encode(chunk) : chunk);
      controller.close();
    },
  });
  /** A fetch for a stream of these chunks. */
  const chunked = (...chunks) => async () =>
    new Response(streamOf(...chunks), { headers: { 'Content-Type': 'text/event-stream' } });
`;

/** How many messages of 16 KiB are far more than what browsers and sockets hold, which is up to 64 MiB: 256 MiB. */
const MANY = 16 * 1024;
const LARGE = [{ text: `data: ${'a'.repeat(16 * 1024 - 8)}\n\n`, repeat: MANY }];

/** Firefox ends a request whose body alone is cancelled when something more comes. */
const PINGS = [
  ...Array(9)
    .fill([{ pause: 200 }, { text: ':\n' }])
    .flat(),
  { hang: true },
];

/** In the page: `fetch` for a stream of 100 messages, each of which is made when it is asked for. */
const COUNTED = `
  let made = 0;
  const counted = async () => new Response(new ReadableStream({
    pull(controller) {
      if (made === 100) controller.close();
      else controller.enqueue(encode('data: ' + ++made + '\\n\\n'));
    },
  }, { highWaterMark: 0 }), { headers: { 'Content-Type': 'text/event-stream' } });
  const once = { method: 'POST', fetch: counted };
`;

for (const [name, start] of Object.entries(BROWSERS)) {
  describe(`in ${name}`, () => {
    let server;
    let browser;
    before(async () => {
      server = await startServer();
      browser = await start();
    });
    after(async () => {
      await browser?.quit();
      await server?.stop();
    });

    const script = (key, ...connections) =>
      `/events/script?key=${key}&connections=${encodeURIComponent(JSON.stringify(connections))}`;
    const requests = async (key) => (await fetch(`${server.url}/log?key=${key}`)).json();
    /** How the first request ended, once it has. */
    const end = async (key) =>
      (await (await fetch(`${server.url}/log/wait?key=${key}&ended=1&timeout=3000`)).json())[0].how;
    /** Opens a page and runs code in it, which may leave no promise rejected that nobody handles. */
    const run = async (code, argument, page = 'pages') => {
      await browser.open(`${server.url}/${page}/blank.html`);
      const [value, unhandled] = await browser.run(
        `${IN_PAGE}
         const value = await Promise.race([(async () => { ${code} })(), late]);
         // A rejection is reported in a task after the one of its promise.
         await pass(0);
         return [value, unhandled];`,
        argument,
      );
      assert.deepEqual(unhandled, []);
      return value;
    };

    describe('a for-await loop', () => {
      it('gets the events of all types as plain messages, over reconnections, until close()', async () => {
        const seen = await run(
          `const source = new EventSource($);
           const seen = [];
           for await (const message of source) {
             seen.push(show(message), Object.keys(message).join());
             if (message.data === 'last') source.close();
           }
           return [...seen, source.readyState, source.lastEventId]`,
          script(
            'loop',
            [{ text: ': comment\nretry: 100\nid: 1\ndata: a\n\nevent: add\ndata: b\n\n' }],
            [{ text: 'id: 2\ndata: last\n\nid: 3\ndata: after the end\n\n' }, { hang: true }],
          ),
        );
        const keys = 'type,data,lastEventId';
        assert.deepEqual(seen.slice(0, 6), ['message,a,1', keys, 'add,b,1', keys, 'message,last,2', keys]);
        assert.equal(seen[6], 2);
        assert.equal((await requests('loop'))[1].headers['last-event-id'], '1');
      });

      for (const [how, code] of Object.entries({
        'is left by break': 'for await (const _ of source) break;',
        'is left by return': 'await (async () => { for await (const _ of source) return; })();',
        throws: 'await thrown((async () => { for await (const _ of source) throw new Error(); })());',
        'of batches is left': 'for await (const _ of source.batches()) break;',
      })) {
        it(`closes the source and ends its request when it ${how}`, async () => {
          const key = how.replaceAll(' ', '-');
          const state = await run(
            `const source = new EventSource($); ${code} return source.readyState`,
            script(key, [{ text: 'data: a\n\ndata: b\n\n' }, { hang: true }]),
          );
          assert.equal(state, 2);
          assert.equal(await end(key), 'client-gone');
        });
      }

      it('closes the source at once with return(), also while a message is waited for', async () => {
        const seen = await run(
          `return Promise.all([(source) => source[Symbol.asyncIterator](), (source) => source.batches()].map(async (iterate) => {
             const source = new EventSource($);
             await next(source, 'open');
             const iterator = iterate(source);
             const pending = iterator.next();
             const returned = iterator.return();
             return [source.readyState, (await pending).done, (await returned).done, (await iterator.next()).done];
           }))`,
          script('pending', [{ text: ':\n' }, { hang: true }]),
        );
        assert.deepEqual(seen, Array(2).fill([2, true, true, true]));
      });

      it('throws what the error event tells where the source fails for good, after all that came before', async () => {
        const [seen, told] = await run(
          `const source = new EventSource($, { retry: { delay: 100 } });
           const seen = [];
           const error = await thrown((async () => { for await (const message of source) { await pass(150); seen.push(show(message)); } })());
           return [seen, tell(error)]`,
          script('fails', [{ text: 'data: a\n\ndata: b\n\n' }], {
            status: 401,
            headers: { 'content-type': 'text/plain' },
            steps: [{ text: 'Log in' }],
          }),
        );
        assert.deepEqual(seen, ['message,a,', 'message,b,']);
        assert.match(told.message, /^EventSource of http.* closed: .* 401/);
        assert.match(told.url, /^http/);
        const { message, url, ...rest } = told;
        assert.deepEqual(rest, {
          isError: true,
          name: 'EventSourceError',
          cause: 'status',
          status: 401,
          body: 'Log in',
          type: 'text/plain',
          willRetry: false,
          // The end of the stream was the first one.
          attempt: 2,
        });
      });

      it('throws where the source could never be fetched', async () => {
        const told = await run(
          `return tell(await thrown((async () => { for await (const _ of new EventSource('ftp://localhost/')); })()))`,
        );
        assert.deepEqual([told.isError, told.cause], [true, 'scheme']);
      });

      it("just ends with status 204, and with the end of a POST's answer", async () => {
        const seen = await run(
          `const post = new EventSource($[1], { method: 'POST' });
           let errors = 0;
           post.onerror = () => errors++;
           const seen = await Promise.all([take(new EventSource($[0])), take(post)]);
           return [...seen, post.readyState, errors]`,
          [
            script('no-content', [{ text: 'retry: 100\ndata: a\n\n' }], { status: 204 }),
            script('answered', [{ text: 'data: a\n\n' }, { pause: 50 }, { text: 'data: b\n\ndata: unfinished' }]),
          ],
        );
        assert.deepEqual(seen, [['message,a,'], ['message,a,', 'message,b,'], 2, 1]);
        assert.equal((await requests('answered')).length, 1);
      });

      it('gets all messages beside another one', async () => {
        const seen = await run(
          `const source = new EventSource($);
           const slow = (async () => {
             const seen = [];
             for await (const message of source) { await pass(20); seen.push(message.data); if (message.data === 'd') break; }
             return seen.join('');
           })();
           const batches = (async () => {
             const seen = [];
             for await (const batch of source.batches()) seen.push(...batch.map(({ data }) => data));
             return seen.join('');
           })();
           return Promise.all([slow, batches])`,
          script('two', [
            { text: 'data: a\n\ndata: b\n\n' },
            { pause: 30 },
            { text: 'data: c\n\n' },
            { pause: 30 },
            { text: 'data: d\n\n' },
            { hang: true },
          ]),
        );
        assert.deepEqual(seen, ['abcd', 'abcd']);
      });

      it('ends at once where the source is closed', async () => {
        const seen = await run(
          `const closed = new EventSource('/events/clock');
           closed.close();
           const failed = new EventSource('/events/status/404');
           await next(failed, 'error');
           return [await take(closed), await take(failed), (await closed.readable.getReader().read()).done]`,
        );
        assert.deepEqual(seen, [[], [], true]);
      });

      it('has nothing more read while it is busy, and loses nothing', async () => {
        const seen = await run(
          `${COUNTED}
           const during = [];
           const seen = [];
           for await (const { data } of new EventSource('/', once)) {
             if (data === '1' || data === '50') { await pass(50); during.push(made); }
             seen.push(data);
           }
           return [during, seen.length, seen.at(-1)]`,
        );
        // It has one, the next one waits for it, and one is read ahead.
        assert.ok(seen[0][0] <= 4 && seen[0][1] <= 53, seen[0].join());
        assert.deepEqual(seen.slice(1), [100, '100']);
      });

      // Firefox reads a response to its end, whether or not anybody takes it.
      if (name === 'Chromium') {
        it('keeps the network waiting while it is busy', async () => {
          const [ended, count] = await run(
            `let count = 0;
             let ended;
             for await (const { data } of new EventSource($, { method: 'POST' })) {
               if (count++ > 0) continue;
               await pass(700);
               [{ ended }] = await (await fetch('/log?key=slow')).json();
             }
             return [ended, count]`,
            script('slow', LARGE),
          );
          assert.equal(ended, null, 'the server could not send it all');
          assert.equal(count, MANY);
          assert.equal(await end('slow'), 'finished');
        });
      }

      it('reads into a buffer of its own while a stream is fast, and loses nothing as it becomes slow', async () => {
        const lines = [4096, 1, 2, 4096, 3, 4];
        const steps = lines.flatMap((count, n) => [
          { text: `data: ${String(n).repeat(31)}\n`, repeat: count },
          { text: '\n' },
          { pause: 150 },
        ]);
        const [seen, readers] = await run(
          `const readers = [];
           for (const Reader of [ReadableStreamDefaultReader, ReadableStreamBYOBReader]) {
             const { read } = Reader.prototype;
             Reader.prototype.read = function (...args) {
               if (readers.at(-1) !== Reader.name) readers.push(Reader.name);
               return read.apply(this, args);
             };
           }
           const seen = [];
           for await (const { data } of new EventSource($, { method: 'POST' })) {
             const each = data.split('\\n');
             seen.push([each.length, new Set(each).size, each[0]]);
           }
           return [seen, readers]`,
          script('paces', steps),
        );
        assert.deepEqual(
          seen,
          lines.map((count, n) => [count, 1, String(n).repeat(31)]),
        );
        // What is sent at once may come in pieces, and a small one be taken for a slow stream.
        assert.ok(readers.includes('ReadableStreamBYOBReader'), readers.join());
        assert.equal(readers.at(-1), 'ReadableStreamDefaultReader', 'nothing is kept for what comes rarely');
      });

      it('lets events be that nobody listens to, and dispatches the others before', async () => {
        const seen = await run(
          `const seen = [];
           const dispatch = EventTarget.prototype.dispatchEvent;
           EventTarget.prototype.dispatchEvent = function (event) {
             if (this instanceof EventSource) seen.push('dispatched ' + event.type);
             return dispatch.call(this, event);
           };
           const source = new EventSource($);
           source.addEventListener('add', ({ data }) => seen.push('heard ' + data));
           for await (const { data } of source) {
             seen.push('taken ' + data);
             if (data === 'c') break;
           }
           return seen`,
          script('unheard', [{ text: 'data: a\n\nevent: add\ndata: b\n\nevent: remove\ndata: c\n\n' }, { hang: true }]),
        );
        assert.deepEqual(seen, ['dispatched open', 'dispatched add', 'heard b', 'taken a', 'taken b', 'taken c']);
      });

      it('gets each message once where reconnect() is called by a listener, or while it is busy', async () => {
        const [seen, open] = await run(
          `const source = new EventSource($);
           const seen = [];
           const open = [];
           source.onopen = () => open.push(source.lastEventId);
           source.addEventListener('again', () => source.reconnect());
           for await (const { data } of source) {
             seen.push(data);
             if (data === 'c') { source.reconnect(); await next(source, 'open'); await pass(100); }
             if (data === 'f') break;
           }
           return [seen.join(''), open.join()]`,
          script(
            'again',
            [{ text: 'id: 1\ndata: a\n\nid: 2\nevent: again\ndata: b\n\nid: 3\ndata: c\n\n' }, { hang: true }],
            [{ text: 'id: 3\ndata: c\n\nid: 4\ndata: d\n\n' }, { hang: true }],
            [{ text: 'id: 5\ndata: e\n\n' }, { pause: 50 }, { text: 'id: 6\ndata: f\n\n' }, { hang: true }],
          ),
        );
        assert.equal(seen, 'abcdef');
        assert.equal(open, ',2,4');
      });

      it('throws where a Content-Security-Policy forbids WebAssembly', async () => {
        const seen = await run(
          `const first = tell(await thrown(take(new EventSource('/events/clock'))));
           const source = new EventSource('/events/clock');
           const later = tell(await thrown(take(source)));
           const heard = new EventSource('/events/clock?interval=20');
           await next(heard, 'message');
           const { message } = await thrown(take(heard));
           // The listeners go on.
           await next(heard, 'message');
           heard.close();
           return [[first, later].map(({ isError, cause }) => [isError, cause]), source.readyState, message]`,
          null,
          'pages-without-wasm',
        );
        assert.deepEqual(seen.slice(0, 2), [Array(2).fill([true, 'wasm']), 2]);
        assert.match(seen[2], /WebAssembly/);
      });
    });

    describe('batches()', () => {
      it('gives what a chunk brought as an array', async () => {
        const seen = await run(
          `const source = new EventSource('/', { method: 'POST', fetch: chunked(...$) });
           const seen = [];
           for await (const batch of source.batches()) seen.push(batch.map(show));
           return seen`,
          ['id: 1\ndata: a\n\nevent: add\ndata: b\n\ndata: c', '\n\n', ': only a comment\n', 'data: d\n\n'],
        );
        assert.deepEqual(seen, [['message,a,1', 'add,b,1'], ['message,c,1'], ['message,d,1']]);
      });
    });

    describe('onBatch', () => {
      it('is called with the messages of each chunk, without what is no event', async () => {
        const seen = await run(
          `const seen = [];
           const onBatch = (messages) => { seen.push(messages.map(show)); };
           const source = new EventSource('/', { method: 'POST', fetch: chunked(...$), onBatch });
           source.addEventListener(EventSource.COMMENT, ({ data }) => seen.push(data));
           await next(source, 'error');
           return seen`,
          [': one\ndata: a\n\nevent: add\ndata: b\n\n', ': two\n', 'data: c\n\n'],
        );
        assert.deepEqual(seen, ['one', ['message,a,', 'add,b,'], 'two', ['message,c,']]);
      });

      it('has nothing more read until its promise is fulfilled', async () => {
        const seen = await run(
          `${COUNTED}
           let before;
           let count = 0;
           const onBatch = async (messages) => {
             if (count === 0) { await pass(50); before = made; }
             count += messages.length;
           };
           await next(new EventSource('/', { ...once, onBatch }), 'error');
           return [before, count]`,
        );
        assert.ok(seen[0] <= 3, seen.join());
        assert.equal(seen[1], 100);
      });

      it('is no failure where it throws or rejects: the window is told', async () => {
        const [told, errors] = await run(
          `const told = [];
           const report = (event) => { event.preventDefault(); told.push(event.error.message); };
           addEventListener('error', report);
           const errors = [];
           const sources = [
             ({ data }) => { throw new window.Error('thrown ' + data); },
             async ({ data }) => { throw new window.Error('rejected ' + data); },
           ].map((act) => new EventSource('/', { method: 'POST', fetch: chunked(...$), onBatch: ([message]) => act(message) }));
           for (const source of sources) source.onerror = ({ cause }) => errors.push(cause);
           await Promise.all(sources.map((source) => next(source, 'error')));
           return [told, errors]`,
          ['data: a\n\n', 'data: b\n\n'],
        );
        assert.deepEqual(told.sort(), ['rejected a', 'rejected b', 'thrown a', 'thrown b']);
        assert.deepEqual(errors, ['ended', 'ended']);
      });

      it('may close the source: it is not called again', async () => {
        const seen = await run(
          `const seen = [];
           const source = new EventSource($, {
             onBatch: (messages) => { seen.push(messages.length); source.close(); },
           });
           await fetch('/log/wait?key=on-batch-close&ended=1');
           return [...seen, source.readyState]`,
          script('on-batch-close', [
            { text: 'data: a\n\ndata: b\n\n' },
            { pause: 50 },
            { text: 'data: c\n\n' },
            { hang: true },
          ]),
        );
        assert.deepEqual(seen, [2, 2]);
      });
    });

    describe('readable', () => {
      it('is one stream of the messages, from its first read on', async () => {
        const seen = await run(
          `let controller;
           const stream = new ReadableStream({ start(given) { controller = given; } });
           const source = EventSource.fromReadableStream(stream);
           const { readable } = source;
           const isSame = readable === source.readable;
           controller.enqueue(encode('event: early\\ndata: a\\n\\n'));
           await next(source, 'early');
           const reader = readable.getReader();
           const isLocked = (await thrown((async () => source.readable.getReader())())) instanceof window.TypeError;
           controller.enqueue(encode('data: b\\n\\nevent: add\\ndata: c\\n\\n'));
           const { value } = await reader.read();
           const { value: second } = await reader.read();
           source.close();
           return [isSame, isLocked, show(value), show(second), (await reader.read()).done]`,
        );
        assert.deepEqual(seen, [true, true, 'message,b,', 'add,c,', true]);
      });

      it('closes the source when it is cancelled, also while a read waits', async () => {
        const seen = await run(
          `const source = new EventSource($);
           await next(source, 'open');
           const reader = source.readable.getReader();
           const read = reader.read();
           await pass(50);
           const cancelled = reader.cancel();
           const state = source.readyState;
           await cancelled;
           return [state, (await read).done]`,
          script('cancelled', [{ text: ':\n' }, { hang: true }]),
        );
        assert.deepEqual(seen, [2, true]);
        assert.equal(await end('cancelled'), 'client-gone');
      });

      it('fails with what the source fails with', async () => {
        const told = await run(
          `const source = new EventSource('/events/status/404');
           return tell(await thrown(source.readable.getReader().read()))`,
        );
        assert.deepEqual([told.isError, told.cause, told.status], [true, 'status', 404]);
      });

      it('can be teed', async () => {
        const seen = await run(
          `const source = new EventSource($);
           const branches = source.readable.tee().map((branch) => branch.getReader());
           const seen = [];
           for (let i = 0; i < 2; i++) for (const reader of branches) seen.push((await reader.read()).value.data);
           source.close();
           return seen`,
          script('tee', [{ text: 'data: a\n\n' }, { pause: 50 }, { text: 'data: b\n\n' }, { hang: true }]),
        );
        assert.deepEqual(seen, ['a', 'a', 'b', 'b']);
      });

      it('can be transferred to a worker, whose cancellation closes the source', async () => {
        const seen = await run(
          `const source = new EventSource($);
           const worker = new Worker('stream-worker.js');
           const { readable } = source;
           worker.postMessage({ readable }, [readable]);
           const { data } = await next(worker, 'message');
           await fetch('/log/wait?key=worker&ended=1');
           return [data.map(show), source.readyState]`,
          script('worker', [
            { text: 'id: 1\ndata: a\n\n' },
            { pause: 50 },
            { text: 'event: last\ndata: b\n\n' },
            { hang: true },
          ]),
        );
        assert.deepEqual(seen, [['message,a,1', 'last,b,1'], 2]);
      });

      it('has nothing more read while nobody reads it', async () => {
        const seen = await run(
          `${COUNTED}
           const reader = new EventSource('/', once).readable.getReader();
           await reader.read();
           await pass(50);
           const before = made;
           let count = 1;
           while (!(await reader.read()).done) count++;
           return [before, count]`,
        );
        assert.ok(seen[0] <= 4, seen.join());
        assert.equal(seen[1], 100);
      });

      it('ends with close(), and drops what had arrived', async () => {
        const seen = await run(
          `const source = new EventSource($);
           const reader = source.readable.getReader();
           const { value } = await reader.read();
           source.close();
           return [value.data, (await reader.read()).done]`,
          script('dropped', [{ text: 'data: a\n\ndata: b\n\n' }, { hang: true }]),
        );
        assert.deepEqual(seen, ['a', true]);
      });
    });

    describe('EventSourceDecoderStream', () => {
      it('makes messages of bytes, however they are cut', async () => {
        const seen = await run(
          `const text = '\\uFEFFid: 1\\r\\nevent: add\\r\\ndata: ä\\r\\ndata:€😀\\r\\n\\r\\n: comment\\rdata: b\\r\\rretry: 5\\ndata: c\\n\\ndata: unfinished\\n';
           const bytes = encode(text);
           const results = new Set();
           for (const size of [1, 2, 3, 7, bytes.length]) {
             const chunks = [];
             for (let start = 0; start < bytes.length; start += size) chunks.push(bytes.slice(start, start + size));
             results.add(JSON.stringify(await take(streamOf(...chunks).pipeThrough(new EventSourceDecoderStream()))));
           }
           return [...results].map((result) => JSON.parse(result))`,
        );
        assert.deepEqual(seen, [['add,ä\n€😀,1', 'message,b,1', 'message,c,1']]);
      });

      it('takes views with offsets, and buffers', async () => {
        const seen = await run(
          `const padded = encode('xxdata: a\\n\\nyyyy');
           const chunks = [
             new Uint8Array(padded.buffer, 2, 9),
             new DataView(padded.buffer, 2, 9),
             // Its elements are two bytes long.
             new Uint16Array(padded.buffer, 2, 4),
             encode('\\n\\n').buffer,
             encode('data: b\\n\\n').buffer,
           ];
           return take(streamOf(...chunks).pipeThrough(new EventSourceDecoderStream()))`,
        );
        assert.deepEqual(seen, ['message,a,', 'message,a,', 'message,a,', 'message,b,']);
      });

      it('says what to do with text', async () => {
        const [error, seen] = await run(
          `const text = () => new ReadableStream({ start(controller) { controller.enqueue('data: a\\n\\n'); controller.close(); } });
           const error = await thrown(take(text().pipeThrough(new EventSourceDecoderStream())));
           return [error.name + ': ' + error.message, await take(text().pipeThrough(new TextEncoderStream()).pipeThrough(new EventSourceDecoderStream()))]`,
        );
        assert.match(error, /^TypeError: .*bytes.*TextEncoderStream/);
        assert.deepEqual(seen, ['message,a,']);
      });

      it('lets an error of the bytes through, after the messages', async () => {
        const seen = await run(
          `const bytes = new ReadableStream({
             pull(controller) {
               if (this.done) controller.error(new window.RangeError('broken'));
               else controller.enqueue(encode('data: a\\n\\ndata: b\\n\\n'));
               this.done = true;
             },
           }, { highWaterMark: 0 });
           const reader = bytes.pipeThrough(new EventSourceDecoderStream()).getReader();
           const seen = [(await reader.read()).value.data];
           return [...seen, String(await thrown((async () => { while (!(await reader.read()).done); })()))]`,
        );
        assert.deepEqual(seen, ['a', 'RangeError: broken']);
      });

      it('cancels the bytes when its messages are not wanted', async () => {
        const seen = await run(
          `let reason;
           const bytes = new ReadableStream({
             pull(controller) { controller.enqueue(encode('data: a\\n\\n')); },
             cancel(given) { reason = given; },
           });
           const reader = bytes.pipeThrough(new EventSourceDecoderStream()).getReader();
           await reader.read();
           await reader.cancel('enough');
           return reason`,
        );
        assert.equal(seen, 'enough');
      });

      it('can be transferred to a worker', async () => {
        const seen = await run(
          `const stream = new EventSourceDecoderStream();
           const isTransform = stream instanceof TransformStream;
           const worker = new Worker('stream-worker.js');
           const { readable, writable } = stream;
           worker.postMessage({ readable, writable, bytes: encode('id: 1\\ndata: a\\n\\nevent: last\\ndata: b\\n\\n') }, [readable, writable]);
           const { data } = await next(worker, 'message');
           const { port1, port2 } = new MessageChannel();
           const whole = new EventSourceDecoderStream();
           port1.postMessage(whole, [whole]);
           port2.start();
           const { data: received } = await next(port2, 'message');
           const writer = received.writable.getWriter();
           writer.write(encode('data: c\\n\\n')).then(() => writer.close());
           return [isTransform, data.map(show), await take(received.readable)]`,
        );
        assert.deepEqual(seen, [true, ['message,a,1', 'last,b,1'], ['message,c,']]);
      });
    });

    describe('EventSource.fromReadableStream', () => {
      it('dispatches the events of a stream, then an error, and is CLOSED', async () => {
        const [facts, seen, again] = await run(
          `const stream = streamOf('retry: 10\\nid: 1\\ndata: a\\n\\neve', 'nt: add\\ndata: b\\n\\ndata: unfinished\\n');
           const source = EventSource.fromReadableStream(stream);
           const facts = [source instanceof EventSource, source.url, source.withCredentials, source.readyState, stream.locked];
           const seen = [];
           const see = (event) => seen.push([event.type, source.readyState, event.data, event.lastEventId, event.origin, event.cause].join());
           for (const type of ['open', 'message', 'add', 'error']) source.addEventListener(type, see);
           await next(source, 'error');
           let again;
           try { source.reconnect(); } catch (error) { again = error.name; }
           await pass(200);
           return [facts, [...seen, source.lastEventId, source.reconnectionTime], again]`,
        );
        assert.deepEqual(facts, [true, 'about:event-stream', false, 0, true]);
        assert.deepEqual(seen, ['open,1,,,,', 'message,1,a,1,null,', 'add,1,b,1,null,', 'error,2,,,,ended', '1', 10]);
        assert.equal(again, 'InvalidStateError');
      });

      it('takes the body of a response, and cancels it when it is closed', async () => {
        const seen = await run(
          `const { body } = await fetch($);
           const source = EventSource.fromReadableStream(body);
           const { data, origin } = await next(source, 'message');
           const attempt = (() => { try { source.reconnect(); } catch ({ name }) { return name; } })();
           source.close();
           return [data, origin, attempt]`,
          script('given', [{ text: 'data: a\n\n' }, ...PINGS]),
        );
        assert.deepEqual(seen, ['a', 'null', 'InvalidStateError']);
        assert.equal(await end('given'), 'client-gone');
      });

      it('cancels the stream also when it is closed right away', async () => {
        const seen = await run(
          `const cancelled = [];
           const make = (name) => new ReadableStream({ cancel() { cancelled.push(name); } });
           EventSource.fromReadableStream(make('at once')).close();
           const later = EventSource.fromReadableStream(make('open'));
           later.onopen = () => later.close();
           while (cancelled.length < 2) await pass(10);
           return cancelled`,
        );
        assert.deepEqual(seen, ['at once', 'open']);
      });

      it('throws a TypeError for what is no stream, or is locked', async () => {
        const seen = await run(
          `const locked = streamOf('');
           locked.getReader();
           return [undefined, null, {}, '/events', new Response('a'), locked].map((given) => {
             try { EventSource.fromReadableStream(given); } catch (error) { return error instanceof window.TypeError && error.message; }
           })`,
        );
        for (const message of seen) assert.match(message, /^Failed to execute 'fromReadableStream' on 'EventSource'/);
      });

      it('fails, and is CLOSED, with an error of the stream, and with chunks that are no bytes', async () => {
        const seen = await run(
          `const failing = new ReadableStream({
             async pull(controller) {
               controller.enqueue(encode('data: a\\n\\n'));
               await pass(50);
               controller.error(new window.RangeError('broken'));
             },
           });
           let cancelled = 0;
           const text = new ReadableStream({
             start(controller) { controller.enqueue('data: a\\n\\n'); },
             cancel() { cancelled++; },
           });
           const seen = await Promise.all([failing, text].map(async (stream) => {
             const source = EventSource.fromReadableStream(stream);
             const { cause, error, willRetry } = await next(source, 'error');
             return [cause, String(error), willRetry, source.readyState];
           }));
           while (cancelled < 1) await pass(10);
           return seen`,
        );
        assert.deepEqual(seen[0], ['network', 'RangeError: broken', false, 2]);
        assert.deepEqual([seen[1][0], seen[1][2], seen[1][3]], ['network', false, 2]);
        assert.match(seen[1][1], /^TypeError: .*bytes.*TextEncoderStream/);
      });

      it('can be looped over: its end is no error', async () => {
        const seen = await run(
          `return take(EventSource.fromReadableStream(streamOf('data: a\\n\\n', 'data: b\\n\\n')))`,
        );
        assert.deepEqual(seen, ['message,a,', 'message,b,']);
      });

      it('lets go of the stream where a Content-Security-Policy forbids WebAssembly', async () => {
        const seen = await run(
          `let cancelled = 0;
           const source = EventSource.fromReadableStream(new ReadableStream({ cancel() { cancelled++; } }));
           const { cause } = await next(source, 'error');
           while (cancelled < 1) await pass(10);
           return [cause, source.readyState]`,
          null,
          'pages-without-wasm',
        );
        assert.deepEqual(seen, ['wasm', 2]);
      });
    });

    describe('events()', () => {
      it('takes whatever fetch takes, a response and a stream', async () => {
        const seen = await run(
          `const url = new URL($, location);
           const inputs = [$, url, new Request($, { headers: { 'X-Own': 'a' } }), await fetch($), (await fetch($)).body, streamOf('data: a\\n\\ndata: unfinished\\n')];
           return Promise.all(inputs.map((input) => take(events(input))))`,
          script('inputs', [{ text: 'data: a\n\ndata: unfinished\n' }]),
        );
        assert.deepEqual(seen, Array(6).fill(['message,a,']));
        const headers = (await requests('inputs')).map(({ headers }) => [headers.accept, headers['x-own']].join());
        assert.ok(headers.includes('text/event-stream,') && headers.includes('text/event-stream,a'), headers.join(' '));
      });

      it('makes the request when the first message is asked for, with a method, headers and a body', async () => {
        const seen = await run(
          `const messages = events($, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"a":1}' });
           await pass(50);
           const before = await (await fetch('/log?key=lazy')).json();
           for await (const { data } of messages) return [before, JSON.parse(data)];`,
          '/events/echo?key=lazy',
        );
        assert.deepEqual(seen[0], []);
        assert.deepEqual(
          [seen[1].method, seen[1].body, seen[1].headers['content-type'], seen[1].headers.accept],
          ['POST', '{"a":1}', 'application/json', 'text/event-stream'],
        );
        assert.equal(await end('lazy'), 'client-gone', 'a loop that is left cancels it');
      });

      it('ends before the message that until names, and cancels the rest', async () => {
        const seen = await run(
          `return [
             await take(events($[0], { until: '[DONE]' })),
             await take(events($[1], { until: ({ type }) => type === 'end' })),
             await take(events($[2])),
           ]`,
          [
            script('until', [{ text: 'data: a\n\ndata: [DONE]\n\ndata: b\n\n' }, { hang: true }]),
            script('until-function', [{ text: 'data: a\n\nevent: end\ndata: b\n\n' }, { hang: true }]),
            script('no-until', [{ text: 'data: [DONE]\n\n' }]),
          ],
        );
        assert.deepEqual(seen, [['message,a,'], ['message,a,'], ['message,[DONE],']]);
        for (const key of ['until', 'until-function']) assert.equal(await end(key), 'client-gone');
      });

      it('throws with the head and the beginning of the body where the response is no event stream', async () => {
        const told = await run('return Promise.all($.map(async (url) => tell(await thrown(take(events(url))))))', [
          script('refused', { status: 429, headers: { 'content-type': 'text/plain' }, steps: [{ text: 'Slowly' }] }),
          '/events/status/200?type=text/html&body=Hello',
        ]);
        assert.deepEqual(
          told.map(({ isError, cause, status, type, body }) => [isError, cause, status, type, body]),
          [
            [true, 'status', 429, 'text/plain', 'Slowly'],
            [true, 'content-type', 200, 'text/html', 'Hello'],
          ],
        );
        assert.match(told[0].url, /^http.*script/);
      });

      it('accepts any status of success', async () => {
        const seen = await run('return take(events($))', '/events/status/202?body=data:a%0A%0A');
        assert.deepEqual(seen, ['message,a,']);
      });

      it("throws the signal's reason, before the request, while it waits and in the middle", async () => {
        const seen = await run(
          `const reasons = [];
           const reason = new window.Error('the reason');
           reasons.push((await thrown(take(events($[0], { signal: AbortSignal.abort(reason) })))) === reason);
           const during = new AbortController();
           const waiting = thrown(take(events('/events/hang', { signal: during.signal })));
           await pass(50);
           during.abort(reason);
           reasons.push((await waiting) === reason);
           for (const input of [$[1], await fetch($[2])]) {
             const controller = new AbortController();
             const seen = [];
             const error = await thrown((async () => {
               for await (const { data } of events(input, { signal: controller.signal })) {
                 seen.push(data);
                 setTimeout(() => controller.abort(reason), 50);
               }
             })());
             reasons.push(error === reason, seen.join());
           }
           // Messages that are there already are not handed out any more.
           const controller = new AbortController();
           const error = await thrown((async () => {
             for await (const { data } of events(streamOf('data: a\\n\\ndata: b\\n\\n'), { signal: controller.signal })) {
               reasons.push(data);
               controller.abort(reason);
             }
           })());
           return [...reasons, error === reason]`,
          [
            '/events/clock?key=aborted-before',
            script('aborted', [{ text: 'data: a\n\n' }, { hang: true }]),
            script('aborted-response', [{ text: 'data: a\n\n' }, ...PINGS]),
          ],
        );
        assert.deepEqual(seen, [true, true, true, 'a', true, 'a', 'a', true]);
        assert.deepEqual(await requests('aborted-before'), []);
        for (const key of ['aborted', 'aborted-response']) assert.equal(await end(key), 'client-gone');
      });

      it('takes a fetch of the page in place of the global one', async () => {
        const seen = await run(
          `const calls = [];
           const own = async (...args) => {
             calls.push([args[0], args[1].method, args[1].until === undefined, args[1].headers.get('Accept')].join());
             return new Response('data: a\\n\\n', { headers: { 'Content-Type': 'text/event-stream' } });
           };
           return [await take(events('/nowhere', { method: 'PUT', fetch: own, until: 'x' })), calls]`,
        );
        assert.deepEqual(seen, [['message,a,'], ['/nowhere,PUT,true,text/event-stream']]);
      });

      it('throws the error of a stream that breaks, after the messages before it', async () => {
        const [seen, error] = await run(
          `const seen = [];
           const error = await thrown((async () => { for await (const { data } of events($)) seen.push(data); })());
           return [seen, error.name]`,
          script('broken', [{ text: 'data: a\n\ndata: b\n\n' }, { pause: 100 }, { cut: true }]),
        );
        assert.deepEqual([seen, error], [['a', 'b'], 'TypeError']);
      });

      it('throws a TypeError at once for options that are wrong', async () => {
        const seen = await run(
          `return [{ until: 1 }, { fetch: 'fetch' }].map((init) => {
             try { events('/events', init); } catch (error) { return error instanceof window.TypeError && error.message; }
           })`,
        );
        assert.match(seen[0], /option until/);
        assert.match(seen[1], /option fetch/);
      });

      it('has nothing more read while a message is dealt with', async () => {
        const seen = await run(
          `${COUNTED}
           let before;
           let count = 0;
           for await (const _ of events('/', once)) {
             if (count++ === 0) { await pass(50); before = made; }
           }
           return [before, count]`,
        );
        assert.deepEqual(seen, [1, 100]);
      });

      it('throws, and requests nothing, where a Content-Security-Policy forbids WebAssembly', async () => {
        const seen = await run(
          `const stream = streamOf('data: a\\n\\n');
           return [await thrown(take(events($))), await thrown(take(events(stream))), stream.locked].map(String)`,
          '/events/clock?key=events-forbidden',
          'pages-without-wasm',
        );
        assert.match(seen[0], /CompileError/);
        assert.match(seen[1], /CompileError/);
        assert.equal(seen[2], 'false');
        assert.deepEqual(await requests('events-forbidden'), []);
      });
    });

    describe('parseJSON', () => {
      it('gives the value of a message, or why there is none, and leaves the connection alone', async () => {
        const seen = await run(
          `const source = new EventSource($);
           const seen = [];
           let errors = 0;
           source.onerror = () => errors++;
           source.onmessage = (event) => {
             const { value, error } = parseJSON(event);
             seen.push([value ?? null, error?.name ?? null]);
           };
           await next(source, 'end');
           source.close();
           return [seen, errors]`,
          script('json', [
            { text: 'data: {"a":\ndata: 1}\n\ndata: {"a"\n\ndata: null\n\ndata: 0\n\ndata\n\nevent: end\ndata\n\n' },
            { hang: true },
          ]),
        );
        assert.deepEqual(seen, [
          [
            [{ a: 1 }, null],
            [null, 'SyntaxError'],
            [null, null],
            [0, null],
            [null, 'SyntaxError'],
          ],
          0,
        ]);
      });

      it('has a check look at the value, which may change it or throw', async () => {
        const seen = await run(
          `const check = (value) => {
             if (typeof value.a !== 'number') throw new window.TypeError('a is no number');
             return value.a;
           };
           return ['{"a":1}', '{"a":"1"}', 'null'].map((data) => {
             const { value, error } = parseJSON({ data }, check);
             return [value ?? null, error ? error.name : null];
           })`,
        );
        assert.deepEqual(seen, [
          [1, null],
          [null, 'TypeError'],
          [null, 'TypeError'],
        ]);
      });
    });
  });
}
