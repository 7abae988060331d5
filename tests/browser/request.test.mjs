// What a source requests, with the options for it: headers, method, body, URL, credentials, fetch, signal and
// the last event ID.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startServer } from '../../scripts/server.mjs';
import { BROWSERS } from './browsers.mjs';

/**
 * In the page: `record` notes what a source says until its stream says `last`, or until it is CLOSED; `echo` gives
 * what the server says of the request. `troubles` are the errors and rejections that nobody took care of.
 */
const PAGE = `
  const { EventSource } = eventsourceWasm;
  const troubles = [];
  addEventListener('error', ({ message }) => troubles.push(message));
  addEventListener('unhandledrejection', ({ reason }) => troubles.push(String(reason)));
  const said = [];
  console.error = (...parts) => said.push(parts.join(' '));
  const record = (source, last) => new Promise((resolve) => {
    const seen = [];
    setTimeout(() => { source.close(); resolve([...seen, 'nothing more']); }, 8_000);
    const see = (line) => {
      seen.push(line);
      if (line === last || source.readyState === 2) { source.close(); resolve(seen); }
    };
    source.addEventListener('open', () => see('open'));
    source.addEventListener('error', ({ cause, willRetry }) => see((willRetry ? 'again ' : 'closed ') + cause));
    source.addEventListener('message', ({ data }) => see(data));
  });
  const echo = (options, url = '/events/echo') => new Promise((resolve, reject) => {
    const source = new EventSource(url, options);
    setTimeout(() => { source.close(); reject(new Error('nothing came')); }, 8_000);
    source.onmessage = ({ data }) => { source.close(); resolve(JSON.parse(data)); };
    source.onerror = ({ message }) => { source.close(); reject(new Error(message)); };
  });
  const pass = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const soon = { retry: { delay: 100, jitter: 0 } };
`;

/** Before there is a response. It is a redirect that leads nowhere: browsers repeat requests that are reset. */
const NETWORK_ERROR = { status: 302, headers: { location: 'data:,nowhere' } };

for (const [name, start] of Object.entries(BROWSERS)) {
  describe(`a request in ${name}`, { timeout: 120_000 }, () => {
    let server;
    /** Of another origin, but of the same site, so that cookies would be sent. */
    let other;
    let browser;
    let keys = 0;
    before(async () => {
      [server, other] = await Promise.all([startServer({ secure: true }), startServer()]);
      browser = await start();
    });
    after(async () => {
      await browser?.quit();
      await Promise.all([server?.stop(), other?.stop()]);
    });

    const newKey = () => `request-${name}-${++keys}`;
    const script = (key, ...connections) =>
      `/events/script?key=${key}&connections=${encodeURIComponent(JSON.stringify(connections))}`;
    const requests = async (key, { url } = server) => (await fetch(`${url}/log?key=${key}`)).json();
    /** Waits until that many requests have been made, and ended. */
    const requested = async (key, count, ended = 0, { url } = server) =>
      (await fetch(`${url}/log/wait?key=${key}&requests=${count}&ended=${ended}`)).json();
    const run = async (code, argument, { url } = server) => {
      await browser.open(`${url}/pages/blank.html`);
      return browser.run(PAGE + code, argument);
    };

    /** Two attempts, so that what is sent can be compared. */
    const TWICE = [[{ text: 'retry: 100\ndata: a\n\n' }], [{ text: 'data: b\n\n' }, { hang: true }]];

    describe('with headers', () => {
      for (const [what, given] of Object.entries({
        'an object': `{ 'X-Token': 'one' }`,
        'a Headers': `new Headers({ 'X-Token': 'one' })`,
        'an array of pairs': `[['X-Token', 'one']]`,
        'the entries of a map, which can be read only once,': `new Map([['X-Token', 'one']]).entries()`,
        'a function': `() => ({ 'X-Token': 'one' })`,
        'an async function': `async () => new Headers({ 'X-Token': 'one' })`,
      })) {
        it(`sends those of ${what} with every attempt`, async () => {
          const key = newKey();
          const seen = await run(
            `return record(new EventSource($, { headers: ${given} }), 'b')`,
            script(key, ...TWICE),
          );
          assert.deepEqual(seen, ['open', 'a', 'again ended', 'open', 'b']);
          const sent = await requests(key);
          assert.deepEqual(
            sent.map(({ headers }) => [headers['x-token'], headers.accept]),
            [
              ['one', 'text/event-stream'],
              ['one', 'text/event-stream'],
            ],
          );
        });
      }

      it('asks a function anew before every attempt, so that a token can be refreshed', async () => {
        const key = newKey();
        await run(
          `let tokens = 0;
           return record(new EventSource($, { headers: async () => { await pass(10); return { Authorization: 'Bearer ' + ++tokens }; } }), 'b')`,
          script(key, ...TWICE),
        );
        const sent = await requests(key);
        assert.deepEqual(
          sent.map(({ headers }) => headers.authorization),
          ['Bearer 1', 'Bearer 2'],
        );
      });

      it('keeps what was given, whatever the page does with it later', async () => {
        const key = newKey();
        await run(
          `const headers = new Headers({ 'X-Token': 'one' });
           const options = { headers };
           const seen = record(new EventSource($, options), 'b');
           headers.set('X-Token', 'two');
           options.headers = {};
           return seen`,
          script(key, ...TWICE),
        );
        const sent = await requests(key);
        assert.deepEqual(
          sent.map(({ headers }) => headers['x-token']),
          ['one', 'one'],
        );
      });

      it('leaves an Accept of the page as it is', async () => {
        const { headers } = await run(`return echo({ headers: { accept: 'text/event-stream, application/json' } })`);
        assert.equal(headers.accept, 'text/event-stream, application/json');
      });

      it('asks another origin for leave first', async () => {
        const key = newKey();
        const seen = await run(
          `return record(new EventSource($, { headers: { 'X-Token': 'one' } }), 'a')`,
          other.url + script(key, [{ text: 'data: a\n\n' }, { hang: true }]),
        );
        assert.deepEqual(seen, ['open', 'a']);
        assert.deepEqual(
          (await requests(key, other)).map(({ method }) => method),
          ['OPTIONS', 'GET'],
        );
      });
    });

    describe('with a method and a body', () => {
      for (const method of ['POST', 'post', 'PUT', 'PATCH', 'DELETE']) {
        it(`sends a ${method}`, async () => {
          const sent = await run('return echo({ method: $ })', method);
          assert.equal(sent.method, method.toUpperCase());
        });
      }

      for (const [what, body, type, text] of [
        ['a text', `'hello'`, 'text/plain;charset=UTF-8', 'hello'],
        [
          'URLSearchParams',
          `new URLSearchParams({ a: '1 2' })`,
          'application/x-www-form-urlencoded;charset=UTF-8',
          'a=1+2',
        ],
        ['a Blob', `new Blob(['{}'], { type: 'application/json' })`, 'application/json', '{}'],
        ['a Blob of text', `new Blob(['hi'], { type: 'text/plain;charset=UTF-8' })`, 'text/plain;charset=utf-8', 'hi'],
        ['bytes', `new TextEncoder().encode('bytes')`, undefined, 'bytes'],
        ['an ArrayBuffer', `new TextEncoder().encode('bytes').buffer`, undefined, 'bytes'],
        ['a function', `() => 'made'`, 'text/plain;charset=UTF-8', 'made'],
        ['an async function', `async () => new Blob(['made'])`, undefined, 'made'],
        ['a function that gives nothing', '() => {}', undefined, ''],
        ['null', 'null', undefined, ''],
      ]) {
        it(`sends ${what} as the body`, async () => {
          const sent = await run(`return echo({ method: 'POST', body: ${body} })`);
          assert.deepEqual([sent.method, sent.headers['content-type'], sent.body], ['POST', type, text]);
        });
      }

      it('sends FormData as the body', async () => {
        const sent = await run(
          `const body = new FormData(); body.append('name', 'value'); return echo({ method: 'POST', body })`,
        );
        assert.match(sent.headers['content-type'], /^multipart\/form-data; ?boundary=/);
        assert.match(sent.body, /name="name"\r\n\r\nvalue\r\n/);
      });

      it("lets the page's own Content-Type be", async () => {
        const sent = await run(
          `return echo({ method: 'POST', body: '{}', headers: { 'Content-Type': 'application/json' } })`,
        );
        assert.deepEqual([sent.headers['content-type'], sent.body], ['application/json', '{}']);
      });

      it('sends the same body again, and asks a function for a new one', async () => {
        const key = newKey();
        const bodies = await run(
          `const twice = (body) => {
             let attempts = 0;
             const source = new EventSource('/', { ...soon, method: 'POST', body, url: () => attempts++ ? '/events/echo' : $ });
             return new Promise((resolve) => { source.onmessage = ({ data }) => { source.close(); resolve(JSON.parse(data).body); }; });
           };
           let made = 0;
           return [await twice('same'), await twice(new Blob(['same'])), await twice(() => 'made ' + ++made)]`,
          script(key, NETWORK_ERROR),
        );
        assert.deepEqual(bodies, ['same', 'same', 'made 2']);
      });

      it('makes a POST again as long as it has not delivered anything', async () => {
        const key = newKey();
        const seen = await run(
          `return record(new EventSource($, { ...soon, method: 'POST', body: 'x' }), 'a')`,
          script(
            key,
            NETWORK_ERROR,
            [{ text: ': nothing\nid: 1\nretry: 100\n\n' }],
            [{ text: 'data: a\n\n' }, { hang: true }],
          ),
        );
        assert.deepEqual(seen, ['again network', 'open', 'again ended', 'open', 'a']);
        assert.equal((await requests(key)).length, 3);
      });

      for (const [how, last] of Object.entries({ ended: [], network: [{ pause: 50 }, { cut: true }] })) {
        it(`does not make a POST again that has delivered events: ${how}`, async () => {
          const key = newKey();
          const [seen, said] = await run(
            `const seen = await record(new EventSource($, { ...soon, method: 'POST', body: 'x' }));
             await pass(300);
             return [seen, said]`,
            script(key, [{ text: 'data: a\n\n' }, ...last], [{ text: 'data: b\n\n' }]),
          );
          assert.deepEqual(seen, ['open', 'a', `closed ${how}`]);
          assert.equal(said.length, how === 'ended' ? 0 : 1, 'the end of an answer is nothing to complain of');
          assert.equal((await requests(key)).length, 1);
        });
      }

      it('makes a POST again with retry.resend, or where the function retry.when says so', async () => {
        for (const retry of ['{ delay: 100, resend: true }', '{ delay: 100, when: () => true }']) {
          const key = newKey();
          const seen = await run(
            `return record(new EventSource($, { method: 'POST', body: 'x', retry: ${retry} }), 'b')`,
            script(key, [{ text: 'data: a\n\n' }], [{ text: 'data: b\n\n' }, { hang: true }]),
          );
          assert.deepEqual(seen, ['open', 'a', 'again ended', 'open', 'b'], retry);
        }
      });

      const stream = `new Blob(['streamed']).stream()`;
      if (name === 'Chromium') {
        it('sends a stream, by HTTP/2', async () => {
          const sent = await run(`return echo({ method: 'POST', body: ${stream} })`, undefined, {
            url: server.secureUrl,
          });
          assert.equal(sent.body, 'streamed');
        });

        it('never sends a stream twice, and says why it gives up', async () => {
          const key = newKey();
          const [seen, messages, said] = await run(
            `const messages = [];
             const source = new EventSource('/events/status/503?key=' + $, {
               method: 'POST', body: ${stream}, retry: { delay: 100, statuses: 'transient', when: () => true, resend: true },
             });
             source.onerror = ({ message }) => messages.push(message);
             const seen = await record(source);
             await pass(300);
             return [seen, messages, said]`,
            key,
            { url: server.secureUrl },
          );
          assert.deepEqual(seen, ['closed status']);
          assert.match(messages[0], /status 503.* stream/);
          assert.deepEqual(said, messages);
          assert.equal((await requests(key)).length, 1);
        });

        it('gives up where a stream can not be sent, by HTTP/1.1', async () => {
          const seen = await run(
            `return record(new EventSource('/events/echo', { ...soon, method: 'POST', body: ${stream} }))`,
          );
          assert.deepEqual(seen, ['closed network']);
        });

        it('asks a function for a new stream', async () => {
          const key = newKey();
          const body = await run(
            `let attempts = 0;
             const source = new EventSource('/', {
               method: 'POST', body: () => ${stream}, retry: { delay: 100, statuses: [503] },
               url: () => attempts++ ? '/events/echo' : '/events/status/503?key=' + $,
             });
             return new Promise((resolve) => { source.onmessage = ({ data }) => { source.close(); resolve(JSON.parse(data).body); }; })`,
            key,
            { url: server.secureUrl },
          );
          assert.equal(body, 'streamed');
        });
      } else {
        it('says at once that a stream can not be sent', async () => {
          const key = newKey();
          const message = await run(
            `try { new EventSource('/events/echo?key=' + $, { method: 'POST', body: ${stream} }); } catch (error) { return error.name + ': ' + error.message; }`,
            key,
          );
          assert.match(
            message,
            /^TypeError: .*the option body has to be .* what else this browser can send, not \[object ReadableStream\]/,
          );
          assert.deepEqual(await requests(key), []);
        });
      }
    });

    describe('with a function for the URL', () => {
      it('asks it for every attempt, and keeps the URL that it was constructed with', async () => {
        const key = newKey();
        const [seen, url] = await run(
          `let attempts = 0;
           const source = new EventSource('/somewhere', { url: async () => new URL($ + '&attempt=' + ++attempts, location) });
           return [await record(source, 'b'), source.url]`,
          script(key, ...TWICE),
        );
        assert.deepEqual(seen, ['open', 'a', 'again ended', 'open', 'b']);
        assert.deepEqual(
          (await requests(key)).map(({ uri }) => uri.match(/attempt=\d/)?.[0]),
          ['attempt=1', 'attempt=2'],
        );
        assert.equal(url, `${server.url}/somewhere`);
      });

      it('asks it also after a redirect', async () => {
        const key = newKey();
        const seen = await run(
          `let attempts = 0;
           return record(new EventSource('/', { url: () => '/events/redirect/307?key=' + $[0] + '&attempt=' + ++attempts + '&to=' + encodeURIComponent($[1]) }), 'b')`,
          [key, script(`${key}-end`, ...TWICE)],
        );
        assert.deepEqual(seen, ['open', 'a', 'again ended', 'open', 'b']);
        assert.deepEqual(
          (await requests(key)).map(({ uri }) => uri.match(/attempt=\d/)?.[0]),
          ['attempt=1', 'attempt=2'],
        );
      });

      it('goes on at the end of a redirect where there is none', async () => {
        const key = newKey();
        await run(
          `return record(new EventSource('/events/redirect/307?key=' + $[0] + '&to=' + encodeURIComponent($[1])), 'b')`,
          [key, script(`${key}-end`, ...TWICE)],
        );
        assert.equal((await requests(key)).length, 1);
        assert.equal((await requests(`${key}-end`)).length, 2);
      });

      it('tells that CORS forbids the URL that it has given', async () => {
        const seen = await run(
          `return record(new EventSource('/', { ...soon, url: () => $ }))`,
          `${other.url}/events/clock?cors=none`,
        );
        assert.deepEqual(seen, ['closed cors']);
      });

      it('does not blame CORS for an error of its own origin', async () => {
        const key = newKey();
        const seen = await run(`return record(new EventSource($[0], { ...soon, url: () => $[1] }), 'a')`, [
          `${other.url}/events/clock?cors=none&key=${key}`,
          script(key, NETWORK_ERROR, [{ text: 'data: a\n\n' }, { hang: true }]),
        ]);
        assert.deepEqual(seen, ['again network', 'open', 'a']);
        assert.deepEqual(await requests(key, other), []);
      });

      it('counts a URL that can not be requested as a failed attempt', async () => {
        const errors = await run(
          `const errors = [];
           const urls = ['http://', 'ftp://example.com/', 'http://user:password@127.0.0.1/', { toString() { throw new Error('no text'); } }, Symbol()];
           for (const url of urls) {
             const source = new EventSource('/events/clock', { url: () => url });
             errors.push(await new Promise((resolve) => { source.onerror = ({ cause, willRetry, message }) => { source.close(); resolve([cause, willRetry, message]); }; }));
           }
           return errors`,
        );
        for (const [cause, willRetry] of errors) assert.deepEqual([cause, willRetry], ['callback', true]);
        assert.match(errors[1][2], /the option url gave ftp:/i);
      });
    });

    describe('with credentials', () => {
      for (const [options, toOwn, toOther, withCredentials] of [
        ['{}', true, false, false],
        ['{ withCredentials: true }', true, true, true],
        [`{ credentials: 'omit' }`, false, false, false],
        [`{ credentials: 'same-origin' }`, true, false, false],
        [`{ credentials: 'include' }`, true, true, true],
        [`{ credentials: 'omit', withCredentials: true }`, false, false, false],
        [`{ credentials: 'include', withCredentials: false }`, true, true, true],
      ]) {
        it(`${options} sends cookies ${toOwn ? (toOther ? 'to all origins' : 'to its own origin only') : 'to nobody'}`, async () => {
          const [own, others, flag] = await run(
            `document.cookie = 'name=value; path=/';
             const source = new EventSource('/events/clock', ${options});
             source.close();
             return [await echo(${options}), await echo(${options}, $), source.withCredentials]`,
            `${other.url}/events/echo`,
          );
          const cookie = (isSent) => (isSent ? 'name=value' : undefined);
          assert.deepEqual(
            [own.headers.cookie, others.headers.cookie, flag],
            [cookie(toOwn), cookie(toOther), withCredentials],
          );
        });
      }

      it('closes with the cause "cors" where the other origin does not allow credentials', async () => {
        const seen = await run(
          `return [await record(new EventSource($, { credentials: 'include' })), await record(new EventSource($, { credentials: 'omit' }), 'a')]`,
          `${other.url}${script(newKey(), [{ text: 'data: a\n\n' }, { hang: true }])}&cors=*`,
        );
        assert.deepEqual(seen, [['closed cors'], ['open', 'a']]);
      });
    });

    describe('with a fetch of its own', () => {
      it('calls it without a `this`, with a text and what fetch takes', async () => {
        const [calls, seen] = await run(
          `const calls = [];
           function own(url, init) {
             'use strict';
             calls.push([this === undefined, arguments.length, url, init.method, init.body, new Headers(init.headers).get('x-token'), init.signal instanceof AbortSignal]);
             return fetch(url, init);
           }
           const options = { fetch: own, method: 'POST', body: 'x', headers: { 'X-Token': 'one' } };
           return [calls, await record(new EventSource($, options), 'a')]`,
          script(newKey(), [{ text: 'data: a\n\n' }, { hang: true }]),
        );
        assert.deepEqual(seen, ['open', 'a']);
        assert.equal(calls.length, 1);
        const [[url]] = calls.map((call) => call.splice(2, 1));
        assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/events\/script/);
        assert.deepEqual(calls[0], [true, 2, 'POST', 'x', 'one', true]);
      });

      it('takes what it throws, or is rejected with, for a network error, and tries again', async () => {
        const [seen, errors, troubles] = await run(
          `const errors = [];
           const own = [
             () => { throw new Error('thrown'); },
             () => Promise.reject(new Error('rejected')),
             () => Promise.reject(),
             fetch.bind(window),
           ];
           const source = new EventSource($, { ...soon, fetch: (...args) => own.shift()(...args) });
           source.onerror = ({ error }) => errors.push(String(error?.message));
           const seen = await record(source, 'a');
           await pass(50);
           return [seen, errors, troubles]`,
          script(newKey(), [{ text: 'data: a\n\n' }, { hang: true }]),
        );
        assert.deepEqual(seen, ['again network', 'again network', 'again network', 'open', 'a']);
        assert.deepEqual(errors, ['thrown', 'rejected', 'undefined']);
        assert.deepEqual(troubles, []);
      });

      it('asks nobody else whether another origin can be reached', async () => {
        const key = newKey();
        const seen = await run(
          `let attempts = 0;
           const own = (...args) => attempts++ ? fetch(...args) : Promise.reject(new TypeError('refused'));
           return record(new EventSource($, { ...soon, fetch: own }), 'a')`,
          other.url + script(key, [{ text: 'data: a\n\n' }, { hang: true }]),
        );
        assert.deepEqual(seen, ['again network', 'open', 'a']);
        assert.equal((await requests(key, other)).length, 1);
      });

      it('says so where it gives no response, and tries again', async () => {
        const [seen, messages, troubles] = await run(
          `const messages = [];
           const junk = [undefined, null, 'text', {}, { status: 200 }, 5];
           const source = new EventSource($, { retry: { delay: 100, factor: 1, jitter: 0 }, fetch: async (...args) => junk.length ? junk.shift() : fetch(...args) });
           source.onerror = ({ message }) => messages.push(message);
           const seen = await record(source, 'a');
           await pass(50);
           return [seen, messages, troubles]`,
          script(newKey(), [{ text: 'data: a\n\n' }, { hang: true }]),
        );
        assert.deepEqual(seen, [...Array(6).fill('again callback'), 'open', 'a']);
        for (const message of messages) assert.match(message, /the option fetch gave no Response/i);
        assert.deepEqual(troubles, []);
      });

      it('takes a response that was made by hand, whatever its URL', async () => {
        const seen = await run(
          `const own = async () => new Response('data: a\\n\\n', { headers: { 'Content-Type': 'text/event-stream' } });
           return record(new EventSource('/events/clock', { fetch: own }), 'a')`,
        );
        assert.deepEqual(seen, ['open', 'a']);
      });

      it('is done with a fetch that ignores the signal as soon as it is closed', async () => {
        const key = newKey();
        const [seen, troubles] = await run(
          `const seen = [];
           const own = async (url) => { const response = await fetch(url); await pass(100); seen.push('response'); return response; };
           const source = new EventSource($[0], { fetch: own });
           source.onopen = source.onmessage = source.onerror = ({ type }) => seen.push(type);
           await pass(80);
           source.close();
           await pass(200);
           const open = new EventSource($[1], { fetch: own });
           await new Promise((resolve) => { open.onopen = resolve; });
           open.close();
           return [seen, troubles]`,
          [`/events/clock?interval=20&key=${key}`, `/events/clock?interval=20&key=${key}`],
        );
        assert.deepEqual([seen, troubles], [['response', 'response'], []]);
        const ended = await requested(key, 2, 2);
        assert.deepEqual(
          ended.map(({ how }) => how),
          ['client-gone', 'client-gone'],
        );
      });

      it('is not called any more where the source was closed while a function was asked', async () => {
        const [calls, troubles] = await run(
          `let calls = 0;
           const source = new EventSource('/events/clock', { headers: () => pass(100), fetch: () => { calls++; return new Promise(() => {}); } });
           await pass(20);
           source.close();
           await pass(200);
           return [calls, troubles]`,
        );
        assert.deepEqual([calls, troubles], [0, []]);
      });
    });

    describe('with a signal', () => {
      it('makes no request where it is aborted already, and is CLOSED without an event', async () => {
        const key = newKey();
        const seen = await run(
          `const source = new EventSource('/events/clock?key=' + $, { signal: AbortSignal.abort() });
           const seen = [source.readyState];
           source.onopen = source.onerror = ({ type }) => seen.push(type);
           source.reconnect();
           await pass(200);
           return [...seen, source.readyState, ...troubles, ...said]`,
          key,
        );
        assert.deepEqual(seen, [2, 2]);
        assert.deepEqual(await requests(key), []);
      });

      for (const [when, code] of Object.entries({
        'at once': '',
        'while it connects': `await pass(100);`,
        'while it is open': `await new Promise((resolve) => source.addEventListener('open', resolve));`,
        'while it waits': `await new Promise((resolve) => source.addEventListener('error', resolve));`,
        'while a function is asked': 'await pass(50);',
      })) {
        it(`closes when it is aborted ${when}: no event, no rejection, no further request`, async () => {
          const key = newKey();
          const url = {
            'while it connects': `/events/hang?key=${key}`,
            'while it waits': script(key, NETWORK_ERROR),
          }[when];
          const options = when === 'while a function is asked' ? 'headers: () => pass(100),' : '';
          const [seen, troubles, said] = await run(
            `const controller = new AbortController();
             const { signal } = controller;
             const listeners = new Set();
             const { addEventListener: add, removeEventListener: remove } = signal;
             signal.addEventListener = (type, listener) => { listeners.add(listener); add.call(signal, type, listener); };
             signal.removeEventListener = (type, listener) => { listeners.delete(listener); remove.call(signal, type, listener); };
             const source = new EventSource($, { ...soon, ${options} signal });
             ${code}
             const seen = [];
             source.onopen = source.onmessage = source.onerror = ({ type }) => seen.push(type);
             seen.push(listeners.size);
             controller.abort();
             seen.push(source.readyState, listeners.size);
             await pass(300);
             return [seen, troubles, said]`,
            url ?? `/events/clock?interval=20&key=${key}`,
          );
          assert.deepEqual([seen, troubles, said], [[1, 2, 0], [], []]);
          const made = await requests(key);
          assert.equal(made.length, when === 'at once' || when === 'while a function is asked' ? 0 : 1);
          if (made.length) await requested(key, 1, 1);
        });
      }

      it('takes null for none', async () => {
        const sent = await run('return echo({ signal: null })');
        assert.equal(sent.method, 'GET');
      });

      it('forgets the signal when it is closed, or fails for good', async () => {
        const counts = await run(
          `const counts = [];
           const { signal } = new AbortController();
           const listeners = new Set();
           signal.addEventListener = (type, listener) => { listeners.add(listener); };
           signal.removeEventListener = (type, listener) => { listeners.delete(listener); };
           const source = new EventSource('/events/clock', { signal });
           counts.push(listeners.size);
           source.close();
           counts.push(listeners.size);
           await record(new EventSource('/events/status/404', { signal }));
           counts.push(listeners.size);
           await record(new EventSource('ftp://example.com/', { signal }));
           counts.push(listeners.size);
           return counts`,
        );
        assert.deepEqual(counts, [1, 0, 0, 0]);
      });
    });

    describe('with a last event ID', () => {
      it('asks for what came after it from the first request on', async () => {
        const key = newKey();
        const ids = await run(
          `const source = new EventSource($, { lastEventId: 'ä 7' });
           const ids = [source.lastEventId];
           source.addEventListener('message', ({ lastEventId }) => ids.push(lastEventId));
           await record(source, 'b');
           return ids`,
          script(key, [{ text: 'retry: 100\ndata: a\n\n' }], [{ text: 'id: 8\ndata: b\n\n' }, { hang: true }]),
        );
        assert.deepEqual(ids, ['ä 7', 'ä 7', '8']);
        const utf8 = Buffer.from('ä 7').toString('latin1');
        assert.deepEqual(
          (await requests(key)).map(({ headers }) => headers['last-event-id']),
          [utf8, utf8],
        );
      });

      const params = (uri) => uri.replace(/^[^?]*\?/, '');
      /** The requests' parameters, but for the script. */
      const paramsOf = async (key, place) =>
        (await requests(key, place)).map(({ uri }) =>
          params(uri)
            .split('&')
            .filter((part) => !part.startsWith('connections='))
            .join('&'),
        );

      it('sends it as the parameter with lastEventIdParam, in place of the header', async () => {
        const key = newKey();
        await run(
          `return record(new EventSource($, { lastEventIdParam: 'after' }), 'b')`,
          script(key, [{ text: 'retry: 100\nid: ä&1\ndata: a\n\n' }], [{ text: 'data: b\n\n' }, { hang: true }]),
        );
        assert.deepEqual(await paramsOf(key), [`key=${key}`, `key=${key}&after=%C3%A4%261`]);
        assert.deepEqual(
          (await requests(key)).map(({ headers }) => headers['last-event-id']),
          [undefined, undefined],
        );
      });

      it('puts it in the place of one that the URL has, and leaves all others as they are written', async () => {
        const key = newKey();
        await run(
          `return record(new EventSource($[0] + '&' + $[1], { lastEventIdParam: 'after it', lastEventId: '0' }), 'c')`,
          [
            script(
              key,
              [{ text: 'retry: 100\nid: 1\ndata: a\n\n' }],
              [{ text: 'id: 2\ndata: b\n\n' }],
              [{ text: 'data: c\n\n' }, { hang: true }],
            ),
            'after+it=9&q=a%20b&sign=%7e~*&after%20it=8&empty&q=2',
          ],
        );
        const others = `key=${key}&q=a%20b&sign=%7e~*&empty&q=2`;
        assert.deepEqual(
          await paramsOf(key),
          [0, 1, 2].map((id) => `${others}&after+it=${id}`),
        );
      });

      it('sends it to a URL without any other parameter', async () => {
        const { uri } = await run(`return echo({ lastEventIdParam: 'after', lastEventId: '1' })`);
        assert.equal(uri, '/events/echo?after=1');
      });

      it('sends one behind a redirect that has handed it on, and none once it was reset', async () => {
        const key = newKey();
        const end = script(
          `${key}-end`,
          [{ text: 'retry: 100\nid: 1\ndata: a\n\n' }],
          [{ text: 'id: 2\ndata: b\n\n' }],
          [{ text: 'id\ndata: c\n\n' }],
          [{ text: 'data: d\n\n' }, { hang: true }],
        );
        await run(
          `return record(new EventSource('/events/redirect/307?to=' + encodeURIComponent($ + '&after=0'), { lastEventIdParam: 'after', lastEventId: '0' }), 'd')`,
          end,
        );
        const own = `key=${key}-end`;
        assert.deepEqual(await paramsOf(`${key}-end`), [`${own}&after=0`, `${own}&after=1`, `${own}&after=2`, own]);
      });

      it('needs no leave of another origin with the parameter, and does with the header', async () => {
        const stream = [[{ text: 'retry: 100\nid: 1\ndata: a\n\n' }], [{ text: 'data: b\n\n' }, { hang: true }]];
        for (const [options, methods] of [
          [{ lastEventIdParam: 'after' }, ['GET', 'GET']],
          [{}, ['GET', 'OPTIONS', 'GET']],
        ]) {
          const key = newKey();
          await run(`return record(new EventSource($[0], $[1]), 'b')`, [other.url + script(key, ...stream), options]);
          assert.deepEqual(
            (await requests(key, other)).map(({ method }) => method),
            methods,
          );
        }
      });

      it('can go on with the parameter where the other origin answers no preflight', async () => {
        const seen = await run(
          `return record(new EventSource($, { lastEventIdParam: 'after' }), 'b')`,
          `${other.url}${script(newKey(), [{ text: 'retry: 100\nid: 1\ndata: a\n\n' }], [{ text: 'data: b\n\n' }, { hang: true }])}&cors=no-preflight`,
        );
        assert.deepEqual(seen, ['open', 'a', 'again ended', 'open', 'b']);
      });

      it('is added to what a function for the URL gives', async () => {
        const key = newKey();
        await run(
          `return record(new EventSource('/', { url: () => $, lastEventIdParam: 'after' }), 'b')`,
          script(key, [{ text: 'retry: 100\nid: 1\ndata: a\n\n' }], [{ text: 'data: b\n\n' }, { hang: true }]),
        );
        assert.deepEqual(await paramsOf(key), [`key=${key}`, `key=${key}&after=1`]);
      });
    });

    it('is not made, and the source stays CLOSED, where a function for it closes the source', async () => {
      const key = newKey();
      const seen = await run(
        `// So that the engine is there at once.
         await new Promise((resolve) => { const first = new EventSource('/events/clock'); first.onopen = () => { first.close(); resolve(); }; });
         const seen = [];
         for (const name of ['headers', 'url', 'body', 'fetch']) {
           // A fetch of the page's own need not heed the signal.
           const results = { url: () => $, fetch: () => fetch($, { method: 'POST' }) };
           const act = () => { source.close(); return results[name]?.(); };
           const source = new EventSource($, { method: 'POST', [name]: act, ...soon });
           for (const type of ['open', 'error', 'message']) source.addEventListener(type, () => seen.push(name + ' ' + type));
           await pass(250);
           seen.push(name + ' ' + source.readyState);
         }
         return seen`,
        script(key, [{ text: 'data: a\n\n' }, { hang: true }]),
      );
      assert.deepEqual(seen, ['headers 2', 'url 2', 'body 2', 'fetch 2']);
      assert.equal((await requests(key)).length, 1, 'that of the own fetch');
    });

    describe('with functions that fail', () => {
      for (const option of ['headers', 'body', 'url', 'validate']) {
        for (const [how, fails] of Object.entries({
          throws: `() => { throw new Error('not now'); }`,
          'is rejected': `() => Promise.reject(new Error('not now'))`,
        })) {
          it(`counts it as a failed attempt, and tries again, where ${option} ${how}`, async () => {
            const [seen, errors, troubles] = await run(
              `let attempts = 0;
               const errors = [];
               const fails = ${fails};
               const works = { headers: () => ({}), body: () => 'x', url: () => $, validate: () => true };
               const options = { ...soon, ${option}: () => attempts++ ? works['${option}']() : fails() };
               if ('${option}' === 'body') options.method = 'POST';
               const source = new EventSource($, options);
               source.onerror = ({ error, message, attempt }) => errors.push([error.message, message, attempt]);
               const seen = await record(source, 'a');
               await pass(20);
               return [seen, errors, troubles]`,
              script(newKey(), [{ text: 'data: a\n\n' }, { hang: true }]),
            );
            assert.deepEqual(seen, ['again callback', 'open', 'a']);
            assert.deepEqual([errors[0][0], errors[0][2], troubles], ['not now', 1, []]);
            assert.match(errors[0][1], /a function among the options has thrown \(Error: not now\)/);
          });
        }
      }

      it('counts headers and a body that fetch would not send as such', async () => {
        const messages = await run(
          `const messages = [];
           for (const options of [{ headers: () => ({ 'a b': '1' }) }, { headers: () => ({ Cookie: '1' }) }, { method: 'POST', body: () => ({ a: 1 }) }]) {
             const source = new EventSource('/events/clock', options);
             messages.push(await new Promise((resolve) => { source.onerror = ({ cause, willRetry, message }) => { source.close(); resolve([cause, willRetry, message]); }; }));
           }
           return messages`,
        );
        for (const [cause, willRetry] of messages) assert.deepEqual([cause, willRetry], ['callback', true]);
        assert.match(messages[0][2], /option headers/);
        assert.match(messages[1][2], /option headers .*cookie/i);
        assert.match(messages[2][2], /option body/);
      });

      it('never takes what a listener throws for a failure of the connection', async () => {
        const key = newKey();
        const seen = await run(
          `const source = new EventSource($, soon);
           const throws = () => { throw new Error('of a listener'); };
           source.onopen = source.onmessage = source.onerror = throws;
           for (const type of ['open', 'message', 'error']) source.addEventListener(type, throws);
           return record(source, 'c')`,
          script(key, [{ text: 'data: a\n\ndata: b\n\n' }], [{ text: 'data: c\n\n' }, { hang: true }]),
        );
        assert.deepEqual(seen, ['open', 'a', 'b', 'again ended', 'open', 'c']);
        assert.equal((await requests(key)).length, 2);
      });
    });
  });
}
