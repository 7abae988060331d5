// What a source tells of itself beyond the standard: its failures, responses, comments, ids and attempts.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startServer } from '../../scripts/server.mjs';
import { BROWSERS } from './browsers.mjs';

/** In the page. */
const IN_PAGE = `
  const { EventSource, EventSourceError } = eventsourceWasm;
  /** A test that waits in vain fails. */
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error('It did not happen.')), 15_000));
  const next = (source, type) => new Promise((resolve) => source.addEventListener(type, resolve, { once: true }));
  /** What is told of a failure, as JSON can hold it. */
  const tell = (failure) => Object.fromEntries(
    ['cause', 'message', 'status', 'headers', 'url', 'body', 'error', 'willRetry', 'delay', 'attempt']
      .filter((name) => name in failure)
      .map((name) => [name, failure[name]])
      .map(([name, value]) => [name, name === 'headers' ? Object.fromEntries(value) : name === 'error' ? String(value) : value]));
  /** The first failure of a source, which is closed then. */
  const failure = async (source) => {
    const event = await next(source, 'error');
    const told = { ...tell(event), readyState: source.readyState };
    source.close();
    return told;
  };
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
    /** Opens a page and runs code in it; a page that may not compile WebAssembly if its name says so. */
    const run = async (code, argument, page = 'pages') => {
      await browser.open(`${server.url}/${page}/blank.html`);
      return browser.run(`${IN_PAGE} return Promise.race([(async () => { ${code} })(), late]);`, argument);
    };

    describe('an error event', () => {
      it('tells a network error, with what fetch threw, and the attempt that follows', async () => {
        const told = await run('return failure(new EventSource($))', script('network', [{ refuse: true }]));
        assert.equal(told.cause, 'network');
        assert.match(told.error, /^TypeError/);
        assert.deepEqual([told.willRetry, told.attempt, told.readyState], [true, 1, 0]);
        assert.ok(told.delay >= 3_000, `${told.delay}`);
        assert.match(
          told.message,
          /^EventSource of http.* is interrupted: a network error \(TypeError.*\)\. Attempt 1 follows in \d+ ms\.$/,
        );
        assert.ok(!('status' in told) && !('body' in told));
      });

      it('tells a network error of an open stream', async () => {
        const told = await run(
          `const source = new EventSource($);
           await next(source, 'message');
           return failure(source)`,
          script('cut', [{ text: 'retry: 150\ndata: a\n\n' }, { pause: 100 }, { cut: true }]),
        );
        assert.deepEqual([told.cause, told.willRetry, told.attempt, told.readyState], ['network', true, 1, 0]);
        assert.ok(told.delay >= 150, `${told.delay}`);
      });

      it('tells the end of the stream', async () => {
        const told = await run(
          'return failure(new EventSource($))',
          script('ended', [{ text: 'retry: 200\n\ndata: a\n\n' }]),
        );
        assert.deepEqual([told.cause, told.willRetry, told.attempt, told.readyState], ['ended', true, 1, 0]);
        assert.match(told.message, /is interrupted: the stream ended\. Attempt 1 follows in \d+ ms\.$/);
      });

      it('tells the head of a response with another status, and its URL after redirects', async () => {
        const to = encodeURIComponent('/events/status/403?type=text/plain&body=Not%20you');
        const told = await run('return failure(new EventSource($))', `/events/redirect/302?to=${to}`);
        assert.deepEqual(
          [told.cause, told.status, told.headers['content-type'], told.willRetry, told.attempt, told.readyState],
          ['status', 403, 'text/plain', false, 1, 2],
        );
        assert.match(told.url, /\/events\/status\/403/);
        assert.match(told.message, /^EventSource of .*redirect.* closed: .* status 403 instead of 200\.$/);
        assert.ok(!('delay' in told), 'no attempt follows');
        assert.ok(!('body' in told), 'without an option of ours nobody waits for it');
      });

      it('tells the type of a response that is no event stream', async () => {
        const told = await run('return failure(new EventSource($))', '/events/status/200?type=text/html&body=x');
        assert.deepEqual(
          [told.cause, told.status, told.headers['content-type'], told.willRetry],
          ['content-type', 200, 'text/html', false],
        );
        assert.match(told.message, /Content-Type is "text\/html" instead of "text\/event-stream"/);
      });

      it('tells a server that answers, but not to this origin', async () => {
        const elsewhere = server.url.replace('127.0.0.1', 'localhost');
        const told = await run('return failure(new EventSource($))', `${elsewhere}/events/clock?cors=none`);
        assert.deepEqual([told.cause, told.willRetry, told.attempt, told.readyState], ['cors', false, 1, 2]);
        assert.match(told.message, /Access-Control-Allow-Origin/);
      });

      it('tells the option whose time has run out', async () => {
        const told = await run(
          `return Promise.all([
             failure(new EventSource('/events/hang', { connectTimeout: 50 })),
             failure(new EventSource($, { idleTimeout: 50 })),
           ])`,
          // Firefox waits for the first byte of a body before it hands out the head.
          script('idle', [{ text: ':\n' }, { hang: true }]),
        );
        for (const { cause, willRetry, readyState, message } of told) {
          assert.deepEqual([cause, willRetry, readyState], ['timeout', true, 0]);
          assert.match(message, /nothing came from the server for too long/);
        }
      });

      it('tells an abortion by somebody else', async () => {
        const told = await run(
          `return failure(new EventSource('/events/clock', {
             fetch: (url, init) => fetch(url, { ...init, signal: AbortSignal.abort() }),
           }))`,
        );
        assert.deepEqual([told.cause, told.willRetry], ['aborted', true]);
        assert.match(told.error, /^AbortError/);
      });

      it('tells an event that grows without an end', async () => {
        const told = await run(
          `const bytes = new Uint8Array(8 * 1024 * 1024).fill(97);
           bytes.set(new TextEncoder().encode('data: '));
           let cancelled = 0;
           const body = new ReadableStream({
             pull(controller) { controller.enqueue(bytes.slice()); bytes.fill(97); },
             cancel() { cancelled++; },
           }, { highWaterMark: 0 });
           const headers = { 'Content-Type': 'text/event-stream' };
           return [await failure(new EventSource('/', { fetch: async () => new Response(body, { headers }) })), cancelled]`,
        );
        assert.deepEqual([told[0].cause, told[0].willRetry, told[0].readyState], ['limit', false, 2]);
        assert.match(told[0].message, /128 MiB/);
        assert.equal(told[1], 1, 'the rest is not wanted');
      });

      it('tells what a function that was given as an option has thrown', async () => {
        const told = await run(
          `return Promise.all([
             failure(new EventSource('/events/clock', { headers: () => { throw new RangeError('no token'); } })),
             failure(new EventSource('/events/clock', { url: async () => { throw 'no address'; } })),
             failure(new EventSource('/events/clock', { validate: () => { throw new Error('no good'); } })),
           ])`,
        );
        assert.deepEqual(
          told.map(({ error }) => error),
          ['RangeError: no token', 'no address', 'Error: no good'],
        );
        for (const { cause, willRetry } of told) assert.deepEqual([cause, willRetry], ['callback', true]);
      });

      it('tells URLs that can never be fetched', async () => {
        const told = await run(
          `return Promise.all(['ftp://localhost/', 'http://me:secret@localhost/'].map((url) => failure(new EventSource(url))))`,
        );
        assert.deepEqual(
          told.map(({ cause, willRetry, readyState }) => [cause, willRetry, readyState]),
          [
            ['scheme', false, 2],
            ['credentials', false, 2],
          ],
        );
      });

      it('counts the attempts in a row, from an event of the stream anew', async () => {
        const seen = await run(
          `const source = new EventSource($, { retry: { delay: 100, jitter: 0, statuses: [503] } });
           const seen = [];
           source.onmessage = () => seen.push('message');
           source.onerror = ({ cause, attempt, delay }) => seen.push([cause, attempt, delay].join(' '));
           await new Promise((resolve) => { source.addEventListener('last', resolve); });
           source.close();
           return seen`,
          script(
            'attempts',
            { status: 503 },
            { status: 503 },
            [],
            [{ text: 'data: a\n\n' }],
            [{ text: 'event: last\ndata: b\n\n' }, { hang: true }],
          ),
        );
        assert.deepEqual(seen, ['status 1 100', 'status 2 200', 'ended 3 400', 'message', 'ended 1 100']);
      });

      it('counts the failed attempts when no further one follows', async () => {
        const seen = await run(
          `const source = new EventSource($, { retry: { delay: 100, attempts: 2 } });
           const seen = [];
           await new Promise((resolve) => {
             source.onerror = ({ willRetry, attempt, delay, body, status }) => {
               seen.push([willRetry, attempt, delay > 0, status, body]);
               if (!willRetry) resolve();
             };
           });
           return seen`,
          script('exhausted', [{ refuse: true }]),
        );
        assert.deepEqual(
          seen.map(([willRetry, attempt, hasDelay]) => [willRetry, attempt, hasDelay]),
          [
            [true, 1, true],
            [true, 2, true],
            [false, 3, false],
          ],
        );
      });

      it('has the beginning of the body, where an option of ours is given', async () => {
        const told = await run('return Promise.all($.map((url) => failure(new EventSource(url, { retry: {} }))))', [
          script('body', { status: 401, steps: [{ text: '{"error":' }, { pause: 50 }, { text: '"token"}' }] }),
          // One byte, then characters of two: the 4,096th byte is the first half of one.
          script('long-body', { status: 500, steps: [{ text: 'a' }, { text: 'é'.repeat(1_000), repeat: 10 }] }),
          '/events/status/204',
          '/events/status/200?type=text/plain&body=Hello',
        ]);
        assert.equal(told[0].body, '{"error":"token"}');
        assert.equal(told[1].body, `a${'é'.repeat(2_047)}`);
        assert.deepEqual([told[2].body, told[2].status], ['', 204]);
        assert.deepEqual([told[3].body, told[3].cause], ['Hello', 'content-type']);
      });

      it('waits for no more than a second for a body that never ends, and ends its request', async () => {
        const [told, time] = await run(
          `const start = performance.now();
           const told = await failure(new EventSource($, { retry: {} }));
           return [told, performance.now() - start]`,
          script('endless', { status: 503, steps: [{ text: 'busy' }, { hang: true }] }),
        );
        assert.equal(told.body, 'busy');
        assert.ok(time > 900 && time < 5_000, `${time} ms`);
        const [{ how }] = await (await fetch(`${server.url}/log/wait?key=endless&ended=1`)).json();
        assert.equal(how, 'client-gone');
      });

      it('does not come any more when the source is closed while its body is read', async () => {
        const seen = await run(
          `const source = new EventSource($[0], { retry: {} });
           const seen = [];
           source.onerror = () => seen.push('error');
           await fetch('/log/wait?requests=1&key=' + $[1]);
           source.close();
           await fetch('/log/wait?ended=1&key=' + $[1]);
           return [seen, source.readyState]`,
          [script('closed-body', { status: 503, steps: [{ text: 'busy' }, { hang: true }] }), 'closed-body'],
        );
        assert.deepEqual(seen, [[], 2]);
      });
    });

    describe('an open event', () => {
      it("tells the response's status, headers and URL after redirects, at each connection", async () => {
        const to = script(
          'open',
          { headers: { 'x-node': 'one' }, steps: [{ text: 'retry: 100\ndata: a\n\n' }] },
          { headers: { 'x-node': 'two' }, steps: [{ text: 'data: b\n\n' }, { hang: true }] },
        );
        const seen = await run(
          `const source = new EventSource($);
           const seen = [];
           source.onopen = ({ status, headers, url }) => seen.push([status, headers.get('x-node'), new URL(url).pathname]);
           await next(source, 'message');
           await next(source, 'message');
           source.close();
           return [...seen, new URL(source.url).pathname]`,
          `/events/redirect/307?to=${encodeURIComponent(to)}`,
        );
        assert.deepEqual(seen, [
          [200, 'one', '/events/script'],
          [200, 'two', '/events/script'],
          '/events/redirect/307',
        ]);
      });
    });

    describe('the standard alone', () => {
      it('gets plain events, and none of ours', async () => {
        const seen = await run(
          `const seen = [];
           const dispatch = EventTarget.prototype.dispatchEvent;
           EventTarget.prototype.dispatchEvent = function (event) {
             if (this instanceof EventSource) seen.push([JSON.stringify(event.type), event.constructor.name, Object.getPrototypeOf(event) === Event.prototype].join());
             return dispatch.call(this, event);
           };
           const source = new EventSource($);
           source.onmessage = () => {};
           await next(source, 'error');
           source.close();
           return seen`,
          script('plain', [{ text: ': comment\nretry: 100\nid: 1\n\ndata: a\n\nid: 2\n\n' }]),
        );
        assert.deepEqual(seen, ['"open",Event,true', '"message",MessageEvent,false', '"error",Event,true']);
      });

      it('does not wait for the body of a refused response', async () => {
        const [told, time] = await run(
          `const start = performance.now();
           const told = await failure(new EventSource($, { withCredentials: true }));
           return [told, performance.now() - start]`,
          script('unread', { status: 503, steps: [{ text: 'busy' }, { hang: true }] }),
        );
        assert.deepEqual([told.cause, told.status, 'body' in told], ['status', 503, false]);
        assert.ok(time < 900, `${time} ms`);
      });
    });

    describe('an event that nobody has asked the class for', () => {
      const others = Array.from({ length: 100 }, (_, n) => `event: other${n}\ndata: ${n}\n\n`).join('');
      const stream = `id: 1\nevent: a\ndata: 1\n\n${others}id: 2\nevent: a\ndata: 2\n\nevent: a\ndata: 3\n\nevent: end\ndata\n\n`;

      it("reaches who has listened by EventTarget's own method, with data of its own", async () => {
        const seen = await run(
          `const source = new EventSource($);
           const seen = [];
           const kept = [];
           EventTarget.prototype.addEventListener.call(source, 'a', (event) => {
             seen.push([event.data, event.lastEventId, event.origin === location.origin]);
             kept.push(event);
           });
           await next(source, 'end');
           source.close();
           return [seen, kept.map(({ data }) => data), new Set(kept).size]`,
          script('foreign', [{ text: stream }], { status: 204 }),
        );
        const events = [
          ['1', '1', true],
          ['2', '2', true],
          ['3', '2', true],
        ];
        assert.deepEqual(seen, [events, ['1', '2', '3'], 3]);
      });

      it('has its own data for who keeps it and looks later, where it comes by itself', async () => {
        const seen = await run(
          `const source = new EventSource($);
           const kept = [];
           EventTarget.prototype.addEventListener.call(source, 'a', (event) => kept.push(event));
           await next(source, 'end');
           source.close();
           return kept.map(({ data }) => data)`,
          script('kept', [
            { text: 'event: a\ndata: 1\n\n' },
            { pause: 100 },
            { text: 'event: a\ndata: 2\n\nevent: end\ndata\n\n' },
            { hang: true },
          ]),
        );
        assert.deepEqual(seen, ['1', '2']);
      });

      it('can close the source, and nothing comes after it', async () => {
        const seen = await run(
          `const source = new EventSource($);
           const seen = [];
           const { addEventListener } = EventTarget.prototype;
           addEventListener.call(source, 'a', ({ data }) => { seen.push(data); source.close(); });
           addEventListener.call(source, 'other9', () => seen.push('other'));
           addEventListener.call(source, 'end', () => seen.push('end'));
           await next(source, 'open');
           await new Promise((resolve) => setTimeout(resolve, 100));
           return [seen, source.readyState]`,
          script('foreign-close', [{ text: stream }], { status: 204 }),
        );
        assert.deepEqual(seen, [['1'], 2]);
      });

      it('is one of its own for an observable, where the browser has them, even if nobody looks at it at once', async () => {
        const [hasOne, isObservable, data] = await run(
          `const source = new EventSource($);
           const kept = [];
           source.when?.('a').subscribe({ next: (event) => kept.push(event) });
           source.when?.('other7').first().then((event) => kept.push(event));
           await next(source, 'end');
           source.close();
           return ['when' in source, 'when' in EventTarget.prototype, kept.map(({ data }) => data)]`,
          script('observable', [{ text: stream }], { status: 204 }),
        );
        assert.equal(hasOne, isObservable);
        assert.deepEqual(data, isObservable ? ['1', '7', '2', '3'] : []);
      });
    });

    describe('a stream without a pause', () => {
      for (const type of ['undefined', "'bytes'"]) {
        it(`leaves timers their turns, even where nothing of it is an event (type: ${type})`, async () => {
          const turns = await run(
            `const bytes = new TextEncoder().encode($.repeat(50));
             const stream = new ReadableStream({
               type: ${type},
               async pull(controller) {
                 for (let step = 0; step < 50; step++) await undefined;
                 controller.enqueue(bytes.slice());
               },
             });
             const headers = { 'Content-Type': 'text/event-stream' };
             const source = new EventSource('/endless', { fetch: async () => new Response(stream, { headers }) });
             await next(source, 'open');
             let turns = 0;
             for (const start = Date.now(); Date.now() - start < 1_000; turns++) {
               await new Promise((resolve) => setTimeout(resolve));
             }
             source.close();
             return turns`,
            ': a comment\n\n',
          );
          // One comes every 40 ms, should the machine not be busy.
          assert.ok(turns >= 5, `${turns}`);
        });
      }

      it('leaves other tasks their turns as soon as taking a batch takes long', async () => {
        const seen = await run(
          `const bytes = new TextEncoder().encode('data: some text\\n\\n'.repeat(20_000) + 'event: end\\ndata\\n\\n');
           const { port1, port2 } = new MessageChannel();
           const seen = [];
           let quick = 5;
           port1.onmessage = () => seen.push('task');
           const onBatch = () => {
             if (quick-- > 0) return;
             seen.push('batch');
             port2.postMessage(null);
             for (const start = Date.now(); Date.now() - start < 10; );
           };
           const headers = { 'Content-Type': 'text/event-stream' };
           const source = new EventSource('/', { onBatch, fetch: async () => new Response(bytes, { headers }) });
           await next(source, 'end');
           source.close();
           return seen`,
        );
        assert.ok(seen.length > 6, seen.join());
        assert.ok(!seen.join().includes('batch,batch'), seen.join());
      });
    });

    describe('EventSource.RECONNECT', () => {
      it('comes after each error that another attempt follows, with the same details', async () => {
        const seen = await run(
          `const source = new EventSource($, { retry: { delay: 100, attempts: 1 } });
           const seen = [];
           const see = (event) => seen.push([event.type, tell(event), event.constructor.name]);
           source.addEventListener(EventSource.RECONNECT, see);
           source.onerror = see;
           await new Promise((resolve) => source.addEventListener('error', () => { if (source.readyState === 2) resolve(); }));
           return seen`,
          script('reconnect', [{ refuse: true }]),
        );
        assert.deepEqual(
          seen.map(([type]) => type),
          ['error', '\nreconnect', 'error'],
        );
        assert.deepEqual(seen[1][1], seen[0][1]);
        assert.equal(seen[1][2], 'Event');
      });

      it('does not come when the listener of the error closes the source or reconnects', async () => {
        const seen = await run(
          `const seen = [];
           const sources = ['close', 'reconnect'].map((act, index) => {
             const source = new EventSource($[index]);
             source.addEventListener(EventSource.RECONNECT, () => seen.push(act));
             source.addEventListener('error', () => source[act](), { once: true });
             return source;
           });
           await next(sources[1], 'message');
           sources[1].close();
           return seen`,
          [
            script('reconnect-close', []),
            script('reconnect-now', [{ refuse: true }], [{ text: 'data: a\n\n' }, { hang: true }]),
          ],
        );
        assert.deepEqual(seen, []);
      });
    });

    describe('comments, ids and reconnection times', () => {
      const LISTEN = `
        const seen = [];
        const listen = (source) => {
          for (const type of [EventSource.COMMENT, EventSource.ID, EventSource.RECONNECTION_TIME]) {
            source.addEventListener(type, (event) =>
              seen.push([type.trim(), event.data, event.reconnectionTime ?? event.lastEventId].join(' ')));
          }
        };
      `;

      it('come as events in the order of the stream, between the messages', async () => {
        const seen = await run(
          `${LISTEN}
           const source = new EventSource($);
           listen(source);
           source.onmessage = ({ data, lastEventId }) => seen.push(['message', data, lastEventId].join(' '));
           source.addEventListener('add', ({ data, lastEventId }) => seen.push(['add', data, lastEventId].join(' ')));
           await next(source, 'end');
           source.close();
           return seen`,
          script('extras', [
            { text: ':ok\n\nid: 1\ndata: a\n\n:  two spaces\nretry: 250\nid: 2\n\nevent: add\n' },
            { text: 'data: b\n: inside\n\nid: 2\ndata: c\n\nretry: soon\nid\ndata: d\n\n:\nevent: end\ndata\n\n' },
            { hang: true },
          ]),
        );
        assert.deepEqual(seen, [
          'comment ok ',
          'id 1 1',
          'message a 1',
          'comment  two spaces 1',
          'retry 250 250',
          'id 2 2',
          'comment inside 2',
          'add b 2',
          'message c 2',
          'id  ',
          'message d ',
          'comment  ',
        ]);
      });

      it('come from then on where the listener is added late', async () => {
        const seen = await run(
          `${LISTEN}
           let controller;
           const source = EventSource.fromReadableStream(new ReadableStream({ start(given) { controller = given; } }));
           const send = (text) => controller.enqueue(new window.TextEncoder().encode(text));
           const getter = [];
           send(': early\\nretry: 10\\ndata: a\\n\\nid: 7\\n\\n');
           await next(source, 'message');
           listen(source);
           source.addEventListener(EventSource.COMMENT, () => getter.push(source.lastEventId));
           send(': late\\nretry: 20\\nid: 8\\n\\nevent: end\\ndata\\n\\n');
           await next(source, 'end');
           source.close();
           return [seen, getter]`,
        );
        assert.deepEqual(seen, [['comment late 7', 'retry 20 20', 'id 8 8'], ['7']]);
      });

      it('do not count as events of the stream, which would set the attempts back', async () => {
        const seen = await run(
          `const source = new EventSource($, { retry: { delay: 100, attempts: 2 } });
           const seen = [];
           source.addEventListener(EventSource.COMMENT, ({ data }) => seen.push(data));
           await new Promise((resolve) => {
             source.onerror = ({ attempt }) => { seen.push(attempt); if (source.readyState === 2) resolve(); };
             source.onmessage = resolve;
           });
           source.close();
           return seen`,
          script('comments', ...Array(3).fill([{ text: ': a\n\n' }]), [
            { text: 'data: not asked for\n\n' },
            { hang: true },
          ]),
        );
        assert.deepEqual(seen, ['a', 1, 'a', 2, 'a', 3]);
      });

      it('cannot be feigned by a stream', async () => {
        const seen = await run(
          `${LISTEN}
           const source = new EventSource($);
           listen(source);
           source.addEventListener(EventSource.RECONNECT, ({ data }) => seen.push(data));
           source.addEventListener('comment', ({ data }) => seen.push('own ' + data));
           await next(source, 'end');
           source.close();
           return seen`,
          script('feigned', [
            { text: 'event: \\ncomment\ndata: a\n\nevent: comment\ndata: b\n\nevent: end\ndata\n\n' },
            { hang: true },
          ]),
        );
        assert.deepEqual(seen, ['own b']);
      });
    });

    describe('EventSource.ANY', () => {
      it('hears every event of the stream, with its own type, after the listeners of the type', async () => {
        const seen = await run(
          `const source = new EventSource($);
           const seen = [];
           const see = (who) => (event) =>
             seen.push([who, event.type, event.data, event.lastEventId, event instanceof MessageEvent, event.target === source].join());
           source.addEventListener(EventSource.ANY, see('any'));
           source.addEventListener(EventSource.COMMENT, () => {});
           source.onmessage = see('on');
           source.onopen = () => seen.push('open');
           source.addEventListener('add', see('add'));
           await next(source, 'end');
           await next(source, EventSource.ANY);
           source.close();
           return seen`,
          script('any', [
            {
              text: ': not an event\ndata: a\n\nid: 1\nevent: add\ndata: b\n\nevent: open\ndata: c\n\nevent: end\ndata\n\n',
            },
            { hang: true },
          ]),
        );
        assert.deepEqual(seen, [
          'open',
          'on,message,a,,true,true',
          'any,message,a,,true,true',
          'add,add,b,1,true,true',
          'any,add,b,1,true,true',
          // As with the browser's own class.
          'open',
          'any,open,c,1,true,true',
          'any,end,,1,true,true',
        ]);
      });

      it('knows once, signal and removeEventListener, and no event after close()', async () => {
        const seen = await run(
          `const source = new EventSource($);
           const seen = [];
           const see = (who) => ({ data }) => seen.push(who + data);
           const removed = see('removed');
           const controller = new AbortController();
           source.addEventListener(EventSource.ANY, see('once'), { once: true });
           source.addEventListener(EventSource.ANY, see('signal'), { signal: controller.signal });
           source.addEventListener(EventSource.ANY, removed);
           source.addEventListener(EventSource.ANY, { handleEvent: see('object') });
           source.addEventListener('b', () => {
             source.removeEventListener(EventSource.ANY, removed);
             controller.abort();
           });
           source.addEventListener('c', () => source.close());
           await next(source, 'c');
           await new Promise((resolve) => setTimeout(resolve, 50));
           return seen`,
          script('any-once', [
            { text: 'event: a\ndata: 1\n\nevent: b\ndata: 2\n\nevent: c\ndata: 3\n\n' },
            { hang: true },
          ]),
        );
        assert.deepEqual(seen, ['once1', 'signal1', 'removed1', 'object1', 'object2']);
      });
    });

    describe('lastEventId and reconnectionTime', () => {
      it('are those of the event being dispatched, and of what the stream has set since', async () => {
        const seen = await run(
          `const source = new EventSource($);
           const state = () => [source.lastEventId, source.reconnectionTime].join();
           const seen = [state()];
           source.onmessage = () => seen.push(state());
           await next(source, 'end');
           seen.push(state());
           await next(source, 'error');
           seen.push(state());
           await next(source, 'message');
           seen.push(state());
           source.close();
           seen.push(state());
           return seen`,
          script(
            'getters',
            [
              { text: 'retry: 120\ndata: a\n\nid: 1\ndata: b\n\n' },
              { text: 'id: 2\ndata: c\n\n' },
              { text: 'event: end\ndata\n\nid: 3\n\nid: 4\ndata: unfinished\n' },
            ],
            [{ text: 'data: d\n\nid: 5\ndata: e\n\n' }, { hang: true }],
          ),
        );
        assert.deepEqual(seen, [
          ',3000',
          ',120',
          '1,120',
          '2,120',
          '2,120',
          '3,120',
          '3,120',
          '3,120',
          // The one that was being dispatched when it was closed.
          '3,120',
        ]);
        const [, second] = await requests('getters');
        assert.equal(second.headers['last-event-id'], '3');
      });

      it('begin with what the options say', async () => {
        const seen = await run(
          `const source = new EventSource($, { lastEventId: 'ö1', retry: { delay: 1234 } });
           const seen = [source.lastEventId, source.reconnectionTime];
           const event = await next(source, 'message');
           seen.push(event.lastEventId, source.lastEventId, source.reconnectionTime);
           source.close();
           return [...seen, source.lastEventId, source.reconnectionTime]`,
          script('begin', [{ text: 'data: a\n\n' }, { hang: true }]),
        );
        assert.deepEqual(seen, ['ö1', 1234, 'ö1', 'ö1', 1234, 'ö1', 1234]);
      });
    });

    describe('validate', () => {
      it('is asked before the open event, about every response that would open the stream', async () => {
        const seen = await run(
          `const seen = [];
           const source = new EventSource($, {
             validate: async ({ status, headers, url }) => {
               await new Promise((resolve) => setTimeout(resolve, 20));
               seen.push(['validate', status, headers.get('x-node'), source.readyState].join());
             },
           });
           source.onopen = () => seen.push('open');
           await next(source, 'error');
           await next(source, 'message');
           source.close();
           return seen`,
          script(
            'validate',
            { headers: { 'x-node': 'one' }, steps: [{ text: 'retry: 100\n\n' }] },
            { headers: { 'x-node': 'two' }, steps: [{ text: 'data: a\n\n' }, { hang: true }] },
          ),
        );
        assert.deepEqual(seen, ['validate,200,one,0', 'open', 'validate,200,two,0', 'open']);
      });

      it('is not asked about a response that does not open the stream anyway', async () => {
        const seen = await run(
          `let asked = 0;
           const validate = () => { asked++; };
           await failure(new EventSource('/events/status/404', { validate }));
           await failure(new EventSource('/events/status/200?type=text/html', { validate }));
           return asked`,
        );
        assert.equal(seen, 0);
      });

      it('closes the source with false, or a promise of it, with the head of the response', async () => {
        const told = await run(
          `let opened = 0;
           const told = await Promise.all([() => false, async () => false].map((validate, index) => {
             const source = new EventSource($[index], { validate });
             source.onopen = () => opened++;
             return failure(source);
           }));
           return [told, opened]`,
          [0, 1].map((index) =>
            script(`invalid${index}`, { headers: { 'x-node': 'one' }, steps: [{ text: ':\n' }, { hang: true }] }),
          ),
        );
        for (const { cause, status, headers, willRetry, readyState, message } of told[0]) {
          assert.deepEqual(
            [cause, status, headers['x-node'], willRetry, readyState],
            ['validation', 200, 'one', false, 2],
          );
          assert.match(message, /validate did not accept the response/);
        }
        assert.equal(told[1], 0);
        const [{ how }] = await (await fetch(`${server.url}/log/wait?key=invalid0&ended=1`)).json();
        assert.equal(how, 'client-gone', 'the response is let go');
      });

      it('accepts with everything but false', async () => {
        const opened = await run(
          `return Promise.all([undefined, null, 0, '', true].map(async (verdict) => {
             const source = new EventSource('/events/clock', { validate: () => verdict });
             const { type } = await Promise.race([next(source, 'open'), next(source, 'error')]);
             source.close();
             return type;
           }))`,
        );
        assert.deepEqual(opened, Array(5).fill('open'));
      });

      it('counts as a failed attempt where it throws or rejects, and says so where it has read the body', async () => {
        const told = await run(
          `return Promise.all([
             () => { throw new Error('thrown'); },
             async () => { throw new Error('rejected'); },
             async (response) => { await response.text(); },
             (response) => { response.body.getReader(); },
           ].map((validate, index) => failure(new EventSource($ + index, { validate }))))`,
          `${script('throws', [{ text: 'data: a\n\n' }])}&number=`,
        );
        for (const { cause, willRetry } of told) assert.deepEqual([cause, willRetry], ['callback', true]);
        assert.deepEqual(
          told.slice(0, 2).map(({ error }) => error),
          ['Error: thrown', 'Error: rejected'],
        );
        for (const { error } of told.slice(2)) assert.match(error, /validate has read the body/);
      });

      it('may read a copy of the body', async () => {
        const seen = await run(
          `let copy = '';
           const source = new EventSource($, {
             validate: async (response) => { copy = new TextDecoder().decode((await response.clone().body.getReader().read()).value); },
           });
           const { data } = await next(source, 'message');
           source.close();
           return [copy, data]`,
          script('copy', [{ text: 'data: a\n\n' }, { hang: true }]),
        );
        assert.deepEqual(seen, ['data: a\n\n', 'a']);
      });

      it('may close the source: no event, and the request ends', async () => {
        const seen = await run(
          `const seen = [];
           await Promise.all([(source) => source.close(), async (source) => { source.close(); return false; }, (source) => { source.close(); throw new Error(); }]
             .map(async (validate, index) => {
               const source = new EventSource($[index], { validate: () => validate(source) });
               source.onopen = source.onerror = ({ type }) => seen.push(type);
               await fetch('/log/wait?ended=1&key=validate-close' + index);
               seen.push(source.readyState);
             }));
           return seen`,
          [0, 1, 2].map((index) => script(`validate-close${index}`, [{ text: 'data: a\n\n' }, { hang: true }])),
        );
        assert.deepEqual(seen, [2, 2, 2]);
      });
    });

    describe('where a Content-Security-Policy forbids WebAssembly', () => {
      it("closes a source with options that are beyond the browser's own class, without any request", async () => {
        const told = await run(
          `return Promise.all([
             { credentials: 'omit' },
             { url: () => $ },
             { headers: { 'X-Own': 'a' } },
             { method: 'POST', body: 'a' },
             { fetch: (...input) => fetch(...input) },
             { lastEventId: '1' },
             { lastEventIdParam: 'after' },
             { validate: () => true },
             { onBatch: () => {} },
           ].map((options) => failure(new EventSource($, options))))`,
          '/events/clock?key=no-request',
          'pages-without-wasm',
        );
        assert.equal(told.length, 9);
        for (const { cause, willRetry, readyState, message } of told) {
          assert.deepEqual([cause, willRetry, readyState], ['wasm', false, 2]);
          assert.match(message, /^EventSource of http.* closed: WebAssembly could not be started .*'wasm-unsafe-eval'/);
        }
        assert.deepEqual(await requests('no-request'), []);
      });

      it("goes on with the browser's own class, with options that it can be without", async () => {
        const seen = await run(
          `const controller = new AbortController();
           const options = { retry: { delay: 100, attempts: 1 }, connectTimeout: 5_000, idleTimeout: 5_000, pauseWhenHidden: true, signal: controller.signal };
           const source = new EventSource($, options);
           const { data } = await next(source, 'message');
           const seen = [data, source.lastEventId, source.readyState];
           controller.abort();
           return [...seen, source.lastEventId, source.readyState]`,
          script('native', [{ text: 'id: 1\ndata: a\n\n' }, { hang: true }]),
          'pages-without-wasm',
        );
        assert.deepEqual(seen, ['a', '1', 1, '1', 2]);
        const [{ how }] = await (await fetch(`${server.url}/log/wait?key=native&ended=1`)).json();
        assert.equal(how, 'client-gone');
      });
    });
  });
}
