// How the engine is started: compiled at once or later, from its own file, or not at all.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startServer } from '../../scripts/server.mjs';
import { BROWSERS, until } from './browsers.mjs';

/**
 * In the page (as `window`: what Firefox's driver runs has global objects of its own): notes what a source says, until its stream says `last`, or until it is CLOSED.
 */
const RECORD = `
  const record = (source, last) => new Promise((resolve) => {
    const seen = [];
    const see = (line, end) => {
      seen.push(line);
      if (end || source.readyState === 2) { source.close(); resolve(seen); }
    };
    source.onopen = () => see('open' + source.readyState);
    source.onerror = ({ message = '' }) => see('error' + source.readyState + message);
    source.onmessage = ({ data, lastEventId, origin }) =>
      see([data, lastEventId, origin === location.origin].join(), data === last);
    source.addEventListener('add', ({ type, data }) => see(type + ':' + data, data === last));
  });
  const warnings = [];
  console.warn = (...parts) => warnings.push(parts.join(' '));
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
    /** Opens a page that may, or may not, compile WebAssembly, and runs code in it. */
    const run = async (page, code, argument) => {
      await browser.open(`${server.url}/${page}/blank.html`);
      return browser.run(RECORD + code, argument);
    };

    describe('where a Content-Security-Policy forbids WebAssembly', () => {
      it("goes on with the browser's own EventSource behind the same object, and says so once", async () => {
        const [first, seen, facts, warnings] = await run(
          'pages-without-wasm',
          `const { EventSource } = eventsourceWasm;
           const first = await record(new EventSource('/events/status/404'));
           const source = new EventSource($);
           const seen = await record(source, 'three');
           return [first, seen, [source instanceof EventSource, source.url, source.readyState], warnings]`,
          script(
            `fallback-${name}`,
            [{ text: 'retry: 10\nid: 1\ndata: one\n\nevent: add\ndata: two\n\n' }],
            [{ text: 'data: three\n\n' }, { hang: true }],
          ),
        );
        assert.deepEqual(first, ['error2']);
        assert.deepEqual(seen, ['open1', 'one,1,true', 'add:two', 'error0', 'open1', 'three,1,true']);
        assert.deepEqual([facts[0], facts[2]], [true, 2]);
        assert.match(facts[1], /^http:.*connections=/);
        assert.equal(warnings.length, 1, warnings.join());
        assert.match(warnings[0], /script-src needs 'wasm-unsafe-eval'/);
        const [before, after, ...more] = await requests(`fallback-${name}`);
        assert.equal(after.headers['last-event-id'], '1');
        assert.deepEqual([before.method, more], ['GET', []], 'once it is known, no request is made in vain');
      });

      it('closes with an error event when the server refuses', async () => {
        const seen = await run(
          'pages-without-wasm',
          'return record(new eventsourceWasm.EventSource($))',
          '/events/status/404',
        );
        assert.deepEqual(seen, ['error2']);
      });

      it('hears types that are listened to later, and keeps messages named open and error apart', async () => {
        const seen = await run(
          'pages-without-wasm',
          `const source = new eventsourceWasm.EventSource($);
           const seen = [];
           await new Promise((resolve) => {
             source.onmessage = () => {
               for (const type of ['open', 'error', 'late']) {
                 source.addEventListener(type, ({ type, data }) => {
                   seen.push(type + ':' + data + source.readyState);
                   if (type === 'late') resolve();
                 }, { once: true });
               }
             };
           });
           source.close();
           return seen`,
          script(`late-${name}`, [
            { text: 'data: first\n\n' },
            { pause: 200 },
            { text: 'event: open\ndata: a\n\nevent: error\ndata: b\n\nevent: late\ndata: c\n\n' },
            { hang: true },
          ]),
        );
        assert.deepEqual(seen, ['open:a1', 'error:b1', 'late:c1']);
      });

      it('dispatches nothing after close(), and ends its request', async () => {
        const key = `close-${name}`;
        const seen = await run(
          'pages-without-wasm',
          `await record(new eventsourceWasm.EventSource('/events/status/404'));
           const source = new eventsourceWasm.EventSource($[0]);
           const seen = [];
           source.onmessage = ({ data }) => { seen.push(data); source.close(); };
           await fetch('/log/wait?requests=1&ended=1&key=' + $[1]);
           return [...seen, source.readyState]`,
          [script(key, [{ text: 'data: a\n\ndata: b\n\n' }, { hang: true }]), key],
        );
        assert.deepEqual(seen, ['a', 2]);
        assert.equal((await requests(key))[0].how, 'client-gone');
      });

      it('fails with a message that names the directive where the browser has no EventSource of its own', async () => {
        const seen = await run(
          'pages-without-wasm',
          `delete window.EventSource;
           const script = Object.assign(document.createElement('script'), { src: '/dist/eventsource.iife.min.js' });
           const loaded = new Promise((resolve) => { script.onload = resolve; });
           document.head.append(script);
           await loaded;
           const { EventSource, init } = eventsourceWasm;
           await init();
           return record(new EventSource($))`,
          '/events/clock',
        );
        assert.equal(seen.length, 1);
        assert.match(seen[0], /^error2EventSource of http.* closed: .*'wasm-unsafe-eval'/);
      });

      it('asks the policy only once, which may report each attempt', async () => {
        const violations = await run(
          'pages-without-wasm',
          `const violations = [];
           document.addEventListener('securitypolicyviolation', ({ violatedDirective }) => violations.push(violatedDirective));
           for (let i = 0; i < 3; i++) await record(new eventsourceWasm.EventSource($), 'a');
           return violations`,
          script(`policy-${name}`, ...Array(3).fill([{ text: 'data: a\n\n' }])),
        );
        assert.deepEqual(violations, ['script-src']);
      });

      it('leaves subclasses their own members', async () => {
        const seen = await run(
          'pages-without-wasm',
          `const seen = [];
           class Own extends eventsourceWasm.EventSource {
             #name = 'own';
             get url() { return this.#name; }
             addEventListener(type, ...rest) { seen.push('listens to ' + type); super.addEventListener(type, ...rest); }
             hear(type) { super.addEventListener(type, ({ data }) => { seen.push(data); this.close(); this.done(); }); }
           }
           const source = new Own($);
           source.addEventListener('a', () => seen.push('a'));
           source.hear('b');
           await new Promise((resolve) => { source.done = resolve; });
           return [...seen, source.url]`,
          script(`subclass-${name}`, [{ text: 'event: a\ndata: 1\n\nevent: b\ndata: 2\n\n' }, { hang: true }]),
        );
        assert.deepEqual(seen, ['listens to a', 'a', '2', 'own']);
      });

      it('takes init() of slim for no reason to fail, before or after a source', async () => {
        const [seen, troubles] = await run(
          'pages-without-wasm',
          `const troubles = [];
           document.addEventListener('securitypolicyviolation', ({ violatedDirective }) => troubles.push(violatedDirective));
           addEventListener('unhandledrejection', ({ reason }) => troubles.push(String(reason)));
           const script = Object.assign(document.createElement('script'), { type: 'module', src: 'slim.js' });
           const loaded = new Promise((resolve) => { script.onload = resolve; });
           document.head.append(script);
           await loaded;
           const { EventSource, init } = slim;
           await init('/dist/eventsource.wasm');
           const seen = await record(new EventSource($), 'a');
           await init('/dist/eventsource.wasm');
           // A rejection is reported in a task after the one of its promise.
           await new Promise((resolve) => setTimeout(resolve));
           return [seen, troubles]`,
          script(`slim-init-${name}`, [{ text: 'data: a\n\n' }]),
        );
        assert.deepEqual(seen, ['open1', 'a,,true']);
        assert.deepEqual(troubles, ['script-src'], 'the one question whether WebAssembly is allowed');
      });

      it("uses the browser's own also when ours has taken its place, and with the module of the slim entry", async () => {
        const [auto, slim] = await run(
          'pages-without-wasm',
          `const { EventSource } = await import('/dist/index.js');
           window.EventSource = EventSource;
           const seen = await record(new window.EventSource($[0]), 'a');
           const { EventSource: Slim, init } = await import('/dist/slim.js');
           const early = record(new Slim($[1]), 'a');
           await init('/dist/eventsource.wasm');
           return [seen, await early]`,
          [script(`auto-${name}`, [{ text: 'data: a\n\n' }]), script(`slim-${name}`, [{ text: 'data: a\n\n' }])],
        );
        assert.deepEqual(auto, ['open1', 'a,,true']);
        assert.deepEqual(slim, ['open1', 'a,,true']);
      });
    });

    it("goes on with the browser's own EventSource where the browser has no WebAssembly", async () => {
      const [seen, warnings] = await run(
        'pages',
        `delete window.WebAssembly;
         return [await record(new eventsourceWasm.EventSource($), 'a'), warnings]`,
        script(`absent-${name}`, [{ text: 'data: a\n\n' }]),
      );
      assert.deepEqual(seen, ['open1', 'a,,true']);
      assert.match(warnings[0], /WebAssembly could not be started/);
    });

    it('compiles later where the browser refuses to compile so much at once', async () => {
      const [seen, warnings, compiled] = await run(
        'pages',
        `const { WebAssembly } = window;
         const { Module, Instance, compile } = WebAssembly;
         let compiled = 0;
         WebAssembly.Module = class extends Module {
           constructor(bytes) { if (bytes.length > 4096) throw new RangeError('too large'); super(bytes); }
         };
         WebAssembly.Instance = class extends Instance {
           constructor() { throw new RangeError('too large'); }
         };
         WebAssembly.compile = (bytes) => { compiled++; return compile(bytes); };
         const sources = [$, $].map((url) => new eventsourceWasm.EventSource(url));
         const seen = await Promise.all(sources.map((source) => record(source, 'a')));
         return [seen, warnings, compiled]`,
        script(`later-${name}`, [{ text: 'data: a\n\n' }], [{ text: 'data: a\n\n' }]),
      );
      assert.deepEqual(seen, [
        ['open1', 'a,,true'],
        ['open1', 'a,,true'],
      ]);
      assert.deepEqual([warnings, compiled], [[], 1]);
    });

    it('starts in a page that has replaced Promise and the classes of events', async () => {
      const seen = await run(
        'pages',
        `window.Promise = class extends Promise {};
         const { EventSource, init } = await import('/dist/slim.js');
         window.Event = class {};
         window.MessageEvent = class {};
         const source = new EventSource($);
         const seen = record(source, 'a');
         await init('/dist/eventsource.wasm');
         return seen`,
        script(`replaced-${name}`, [{ text: 'data: a\n\n' }]),
      );
      assert.deepEqual(seen, ['open1', 'a,,true']);
    });

    it('aborts its request when the page is left before the engine is there, and requests anew on return', async () => {
      await run(
        'pages',
        `const { EventSource, init } = await import('/dist/slim.js');
         window.source = new EventSource($);
         window.seen = record(window.source, 'b');
         addEventListener('pageshow', ({ persisted }) => {
           if (persisted) init('/dist/eventsource.wasm').then(() => window.seen).then((seen) => { document.title = seen.join(); });
         })`,
        script(`left-${name}`, [{ text: 'data: a\n\n' }, { hang: true }], [{ text: 'data: b\n\n' }, { hang: true }]),
      );
      await fetch(`${server.url}/log/wait?key=left-${name}&requests=1`);
      await browser.open(`${server.url}/pages/base.html`);
      const [left] = await (await fetch(`${server.url}/log/wait?key=left-${name}&requests=1&ended=1`)).json();
      assert.equal(left.how, 'client-gone');
      // Chromium is known to keep this page in its back/forward cache.
      if (name !== 'Chromium') return;
      await browser.back();
      await until(
        'the message is there',
        () => browser.run('return document.title'),
        (title) => title === 'open1,b,,true',
      );
    });

    it('says why, and aborts its request, when the module is broken', async () => {
      const [seen, again] = await run(
        'pages',
        `const { EventSource, init } = await import('/dist/slim.js');
         const source = new EventSource($);
         const rejected = init(new Uint8Array([0, 1, 2])).catch(({ message }) => message);
         const seen = [...await record(source), await rejected];
         await init('/dist/eventsource.wasm');
         return [seen, await record(new EventSource($), 'a')]`,
        script(`broken-${name}`, [{ text: 'data: a\n\n' }, { hang: true }], [{ text: 'data: a\n\n' }]),
      );
      assert.equal(seen.length, 2);
      assert.match(seen[0], /^error2EventSource of .* closed: its engine could not be started \(CompileError/);
      assert.match(seen[1], /init\(\) needs eventsource-wasm\/eventsource\.wasm/);
      assert.deepEqual(again, ['open1', 'a,,true'], 'a second init() repairs it');
    });

    describe('the slim entry', () => {
      it('opens a source once that was closed and reconnected before init()', async () => {
        const key = `slim-reconnect-${name}`;
        const seen = await run(
          'pages',
          `const { EventSource, init } = await import('/dist/slim.js');
           const arrive = (count) => fetch('/log/wait?key=' + $.key + '&requests=' + count);
           const source = new EventSource($.url);
           await arrive(1);
           source.close();
           source.reconnect();
           await arrive(2);
           init('/dist/eventsource.wasm');
           return record(source, 'a')`,
          { key, url: script(key, [{ pause: 300 }, { text: 'data: a\n\n' }]) },
        );
        assert.deepEqual(seen, ['open1', 'a,,true']);
        assert.equal((await requests(key)).length, 2);
      });

      for (const [what, input] of Object.entries({
        'a URL': "'/dist/eventsource.wasm'",
        'a URL object': "new URL('/dist/eventsource.wasm', location)",
        'a promise of a response': "fetch('/dist/eventsource.wasm')",
        'a response of another type': "new Response(await (await fetch('/dist/eventsource.wasm')).arrayBuffer())",
        bytes: "await (await fetch('/dist/eventsource.wasm')).arrayBuffer()",
        'a compiled module': "await WebAssembly.compileStreaming(fetch('/dist/eventsource.wasm'))",
      })) {
        it(`starts from ${what}, given before or after the construction`, async () => {
          for (const early of [false, true]) {
            const seen = await run(
              'pages',
              `const { EventSource, init } = await import('/dist/slim.js');
               const input = ${input};
               if ($[1]) init(input);
               const source = new EventSource($[0]);
               const seen = record(source, 'a');
               if (!$[1]) await init(input);
               return seen`,
              [script(`slim-${what}-${early}-${name}`, [{ text: 'data: a\n\n' }]), early],
            );
            assert.deepEqual(seen, ['open1', 'a,,true']);
          }
        });
      }

      it('rejects init() with the status when the file is not there', async () => {
        const message = await run(
          'pages',
          `const { init } = await import('/dist/slim.js');
           return init('/dist/nowhere.wasm').catch(({ message }) => message)`,
        );
        assert.match(message, /nowhere\.wasm was answered with status 404/);
      });

      it('starts from a compiled module where the browser refuses to instantiate so much at once', async () => {
        const seen = await run(
          'pages',
          `const { WebAssembly } = window;
           const module = await WebAssembly.compileStreaming(fetch('/dist/eventsource.wasm'));
           WebAssembly.Instance = class { constructor() { throw new RangeError('too large'); } };
           const { EventSource, init } = await import('/dist/slim.js');
           await init(module);
           return record(new EventSource($), 'a')`,
          script(`module-${name}`, [{ text: 'data: a\n\n' }]),
        );
        assert.deepEqual(seen, ['open1', 'a,,true']);
      });

      it('says what init() needs when it is given something else', async () => {
        const messages = await run(
          'pages',
          `const { init } = await import('/dist/slim.js');
           const other = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);
           return Promise.all([init(), init(other)].map((promise) => promise.catch(({ message }) => message)))`,
        );
        for (const message of messages) assert.match(message, /^eventsource-wasm\/slim: init\(\) needs /);
      });

      if (name === 'Chromium') {
        it('lets closed sources go while it waits for init(), and is silent about them', async () => {
          const [collected, warnings] = await run(
            'pages',
            `const { EventSource } = await import('/dist/slim.js');
             let collected = 0;
             const registry = new FinalizationRegistry(() => { collected++; });
             const openAndClose = () => {
               const source = new EventSource($);
               registry.register(source);
               setTimeout(() => source.close(), 50);
             };
             openAndClose();
             openAndClose();
             const start = Date.now();
             while (collected < 2 && Date.now() - start < 3_500) {
               gc();
               await new Promise((resolve) => setTimeout(resolve, 100));
             }
             // The reminder comes after three seconds.
             await new Promise((resolve) => setTimeout(resolve, Math.max(0, start + 3_200 - Date.now())));
             return [collected, warnings]`,
            '/events/clock',
          );
          assert.deepEqual([collected, warnings], [2, []]);
        });
      }

      it('reminds of init() when sources wait for it in vain', async () => {
        const [state, reminder] = await run(
          'pages',
          `const { EventSource } = await import('/dist/slim.js');
           const reminder = new Promise((resolve) => { console.warn = resolve; });
           const source = new EventSource('/events/clock');
           return [source.readyState, await reminder]`,
        );
        assert.equal(state, 0);
        assert.match(reminder, /init\(\)/);
      });
    });
  });
}
