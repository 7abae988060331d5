// The built package in pages of its own origin, in every kind of worker, and through the life of a page.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startServer } from '../../scripts/server.mjs';
import { BROWSERS, until } from './browsers.mjs';

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

    const log = async (query) => (await fetch(`${server.url}${query}`)).json();
    const openPage = (page) => browser.open(`${server.url}/pages/${page}`);
    const script = (key, ...connections) =>
      `/events/script?key=${key}&connections=${encodeURIComponent(JSON.stringify(connections))}`;

    it('is usable in a classic script right after its own', async () => {
      await openPage('classic.html');
      assert.equal(await browser.run('return stateAfterConstruction'), 0);
      await until(
        'an event has arrived',
        () => browser.run('return document.title'),
        (title) => title === 'received',
      );
    });

    it('sends the last event ID to its own origin without a preflight, and cookies', async () => {
      await openPage('blank.html');
      const url = script(
        'same-origin',
        {
          headers: { 'content-type': 'text/event-stream', 'set-cookie': 'seen=1' },
          steps: [{ text: 'retry: 100\nid: 5\ndata: a\n\n' }],
        },
        [{ text: 'data: b\n\n' }, { hang: true }],
      );
      const seen = await browser.run(
        `const source = new eventsourceWasm.EventSource($);
         const seen = [];
         await new Promise((resolve) => {
           source.onmessage = ({ data, origin }) => { seen.push(data, origin === location.origin); if (data === 'b') resolve(); };
         });
         source.close();
         return seen`,
        url,
      );
      assert.deepEqual(seen, ['a', true, 'b', true]);
      const requests = await log('/log/wait?key=same-origin&requests=2&ended=2');
      assert.deepEqual(
        requests.map(({ method }) => method),
        ['GET', 'GET'],
      );
      assert.equal(requests[1].headers['last-event-id'], '5');
      assert.match(requests[1].headers.cookie, /seen=1/);
    });

    it('resolves its URL against the base element', async () => {
      await openPage('base.html');
      const url = await browser.run(
        `const source = new eventsourceWasm.EventSource('stream?x'); source.close(); return source.url`,
      );
      assert.equal(url, `${server.url}/some/where/else/stream?x`);
    });

    it("encodes the query of its URL in the document's encoding", async () => {
      await openPage('windows-1252.html');
      const url = await browser.run(
        `const source = new eventsourceWasm.EventSource('/events/clock?a=å'); source.close(); return source.url`,
      );
      assert.equal(url, `${server.url}/events/clock?a=%E5`);
      assert.equal(
        await browser.run(
          `try { new eventsourceWasm.EventSource('http://a b/'); } catch (error) { return error.name }`,
        ),
        'SyntaxError',
      );
    });

    for (const [kind, connect] of Object.entries({
      dedicated: `const worker = new Worker('/pages/worker.js', { type: 'module' });
        worker.onmessage = ({ data }) => resolve(data);
        worker.postMessage($);`,
      shared: `const { port } = new SharedWorker('/pages/worker.js', { type: 'module' });
        port.onmessage = ({ data }) => resolve(data);
        port.postMessage($);`,
      service: `const registration = await navigator.serviceWorker.register('/pages/worker.js', { type: 'module' });
        const worker = registration.installing ?? registration.active;
        await new Promise((active) => {
          if (worker.state === 'activated') active();
          worker.onstatechange = () => worker.state === 'activated' && active();
        });
        navigator.serviceWorker.onmessage = ({ data }) => resolve(data);
        worker.postMessage($);`,
    })) {
      it(`works in a ${kind} worker, with URLs relative to the worker's script`, async () => {
        await openPage('blank.html');
        const line = await browser.run(
          `return new Promise((resolve, reject) => { (async () => { ${connect} })().catch(reject); })`,
          '../events/clock?interval=20',
        );
        assert.match(line, new RegExp(`^${server.url}/events/clock\\?interval=20 true \\d{4}-`));
      });
    }

    it('does not throw in a worker that is closing', async () => {
      await openPage('blank.html');
      const line = await browser.run(
        `return new Promise((resolve) => { new Worker('/pages/closing-worker.js', { type: 'module' }).onmessage = ({ data }) => resolve(data); })`,
      );
      assert.equal(line, 'state 0');
    });

    it('uses base URL and events of its own window, whoever constructs it', async () => {
      await openPage('blank.html');
      const facts = await browser.run(
        `const frame = document.createElement('iframe');
         frame.src = '/pages/base.html';
         document.documentElement.append(frame);
         await new Promise((resolve) => { frame.onload = resolve; });
         const own = frame.contentWindow;
         const relative = new own.eventsourceWasm.EventSource('x');
         relative.close();
         const source = new own.eventsourceWasm.EventSource($);
         const event = await new Promise((resolve) => { source.onmessage = resolve; });
         source.close();
         return [relative.url, event.constructor === own.MessageEvent, event instanceof own.MessageEvent, event instanceof MessageEvent]`,
        '/events/clock?interval=20',
      );
      assert.deepEqual(facts, [`${server.url}/some/where/else/x`, true, true, false]);
    });

    it('aborts without an event when its frame is removed', async () => {
      await openPage('blank.html');
      const seen = await browser.run(
        `const frame = document.createElement('iframe');
         frame.src = '/pages/blank.html';
         document.documentElement.append(frame);
         await new Promise((resolve) => { frame.onload = resolve; });
         const seen = [];
         const source = new frame.contentWindow.eventsourceWasm.EventSource($);
         await new Promise((resolve) => { source.onmessage = resolve; });
         source.onmessage = source.onerror = ({ type }) => seen.push(type);
         frame.remove();
         await new Promise((resolve) => setTimeout(resolve, 300));
         return seen.filter((type) => type === 'error')`,
        '/events/clock?interval=20&key=frame',
      );
      assert.deepEqual(seen, []);
      const [request] = await log('/log/wait?key=frame&requests=1&ended=1');
      assert.equal(request.how, 'client-gone');
    });

    const leavingPage = (url, query = '') => openPage(`leaving.html?url=${encodeURIComponent(url)}${query}`);
    const noted = () => browser.run('return { ...sessionStorage }');
    /** Waits for the page that a link leads to; while it loads, no code can run. */
    const otherPage = () =>
      until(
        'the other page is there',
        () => browser.run('return location.pathname').catch(String),
        (path) => path.endsWith('base.html'),
      );

    it('aborts without an error event when the page is left, and goes on when it comes back', async () => {
      await leavingPage('/events/clock?interval=20&key=leaving');
      await until('messages arrive', noted, ({ seen }) => seen === 'open1 message1');
      // As a click on a link does it: Firefox ends the requests before it hides the page.
      await browser.run(`location.href = '/pages/base.html'`);
      const [left] = await log('/log/wait?key=leaving&requests=1&ended=1');
      assert.equal(left.how, 'client-gone');
      await otherPage();
      await browser.back();
      const { seen } = await until('messages arrive again', noted, ({ seen }) => seen.endsWith('0 open1 message1'));
      // Whether a page is kept or loaded anew is the browser's choice; Chromium is known to keep this one.
      const [kept, anew] = ['hide0 back0 open1', 'hide0 open1'].map((back) => `open1 message1 ${back} message1`);
      assert.ok(seen === kept || (name !== 'Chromium' && seen === anew), seen);
      assert.equal((await log('/log?key=leaving')).length, 2);
    });

    it('takes a lost connection for an error after all when the page stays where it is', async () => {
      await openPage('blank.html');
      await browser.run(
        `const { dataset } = document.documentElement;
         const note = (line) => { dataset.seen = (dataset.seen ?? '') + line + ' '; };
         addEventListener('error', ({ message }) => note(message));
         const source = new eventsourceWasm.EventSource('/events/clock?interval=20&client=staying');
         source.onopen = () => note('open');
         source.onerror = () => { note('error' + source.readyState); source.close(); note('closed' + source.readyState); };`,
      );
      const seen = () => browser.run('return document.documentElement.dataset.seen');
      await until('it is open', seen, (seen) => seen === 'open ');
      // A link to a download, or here to nothing, asks the page like any other.
      await browser.run(`location.href = '/events/status/204'`);
      await fetch(`${server.url}/drop?client=staying&how=cut`, { method: 'POST' });
      assert.equal(await until('the error is there', seen, (seen) => seen?.includes('closed')), 'open error0 closed2 ');
    });

    // It takes a back/forward cache that is known to keep the page.
    if (name === 'Chromium') {
      it('resumes behind the event that was dispatched last when it was left in the midst of a chunk', async () => {
        await browser.run('sessionStorage.clear()');
        const text = Array.from({ length: 200 }, (_, index) => `id: ${index}\ndata: x\n\n`).join('');
        await leavingPage(script('midst', [{ text }, { hang: true }]), '&busy=20');
        await until('some were dispatched', noted, ({ lastEventId }) => Number(lastEventId) > 3);
        await browser.run(`location.href = '/pages/base.html'`);
        await otherPage();
        const { lastEventIdAtHide } = await noted();
        assert.ok(Number(lastEventIdAtHide) < 199, 'it was left in the midst');
        await browser.back();
        const [, again] = await log('/log/wait?key=midst&requests=2');
        assert.equal(again.headers['last-event-id'], lastEventIdAtHide);
      });
    }

    it('works where streams have no readers for bytes, whatever the size of the chunks', async () => {
      await openPage('default-reader.html');
      const facts = await browser.run(
        `const read = (url) => new Promise((resolve, reject) => {
           const source = new eventsourceWasm.EventSource(url);
           let count = 0, length = 0;
           source.onmessage = ({ data }) => { count++; length += data.length; if (url.includes('large')) end(); };
           source.onerror = reject;
           const end = () => { source.close(); resolve([count, length]); };
           source.addEventListener('end', end);
         });
         return [await read('/events/large?bytes=3000000&chunk=1000000'), await read('/events/flood?count=20000&size=50')]`,
      );
      assert.deepEqual(facts, [
        [1, 3_000_000],
        [20_000, 1_000_000],
      ]);
    });

    it('keeps a source that the page breaks from breaking the others, and handles all rejections', async () => {
      await openPage('broken.html');
      await browser.run(
        `document.documentElement.dataset.run = JSON.stringify($);
         document.dispatchEvent(new Event('run'))`,
        {
          urls: [
            '/throws',
            script('good-1', [{ text: 'data: a\n\n' }]),
            '/nothing',
            script('good-2', [{ text: 'data: b\n\n' }]),
            script('odd-url', [{ text: 'data: c\n\n' }]),
          ],
          closing: '/events/clock?interval=20&closing',
        },
      );
      const result = await until('all is done', () => browser.run('return document.documentElement.dataset.result'));
      assert.deepEqual(JSON.parse(result), {
        received: ['error 0', 'a', 'error 0', 'b', 'c'],
        state: 2,
        unhandled: [],
      });
    });

    it('gives the memory of large events and of closed sources back', async () => {
      await openPage('memory.html');
      const receive = async (url, times) => {
        await browser.run('for (let i = 0; i < $[1]; i++) await receiveOne($[0])', [url, times]);
        return browser.run('return memorySize()');
      };
      const large = '/events/large?bytes=16777216&chunk=65536';
      const sizes = [await receive(large, 1), await receive(large, 9), await receive('/events/clock', 100)];
      assert.ok(sizes[0] > 16 * 1024 * 1024, `the event was in this memory: ${sizes}`);
      assert.ok(sizes[1] < 80 * 1024 * 1024, `ten events do not need ten times that: ${sizes}`);
      assert.equal(sizes[2], sizes[1], 'small ones need no more');
    });

    if (name === 'Chromium') {
      it('is not collected as garbage while it is open, and is once it is closed', async () => {
        await openPage('blank.html');
        const seen = await browser.run(
          `let data = '';
           const collected = [];
           const registry = new FinalizationRegistry((name) => collected.push(name));
           const received = new Promise((resolve) => {
             const source = new eventsourceWasm.EventSource($);
             registry.register(source, 'source');
             source.onmessage = (event) => { data += event.data; if (data === 'ab') { event.target.close(); resolve(); } };
           });
           const collect = () => { gc(); return new Promise((resolve) => setTimeout(resolve, 20)); };
           for (let i = 0; i < 5; i++) await collect();
           const early = collected.length;
           await received;
           for (let i = 0; i < 50 && collected.length === 0; i++) await collect();
           return [early, data, collected]`,
          script('garbage', [{ text: 'data: a\n\n' }, { pause: 500 }, { text: 'data: b\n\n' }, { hang: true }]),
        );
        assert.deepEqual(seen, [0, 'ab', ['source']]);
      });
    }
  });
}
