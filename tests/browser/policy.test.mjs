// When a source tries again: the option `retry`, timeouts, `reconnect()`, hidden pages, lost networks, sleep.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startServer } from '../../scripts/server.mjs';
import { BROWSERS, OTHER_HOST, until } from './browsers.mjs';

/**
 * In the page: `record` notes what a source says until its stream says `last`, or until it is CLOSED; `watch` notes
 * it in `window.seen` for as long as the page is there. `failures` are the `error` events.
 */
const PAGE = `
  const { EventSource } = eventsourceWasm;
  const troubles = [];
  addEventListener('error', ({ message }) => troubles.push(message));
  addEventListener('unhandledrejection', ({ reason }) => troubles.push(String(reason)));
  const failures = [];
  const listen = (source, see) => {
    source.addEventListener('open', () => see('open'));
    source.addEventListener('error', ({ cause, willRetry, delay, attempt, status, message }) => {
      failures.push({ cause, willRetry, delay: delay ?? null, attempt, status: status ?? null, message });
      see((willRetry ? 'again ' : 'closed ') + cause);
    });
    source.addEventListener('message', ({ data }) => see(data));
    return source;
  };
  const record = (source, last) => new Promise((resolve) => {
    const seen = [];
    setTimeout(() => { source.close(); resolve([...seen, 'nothing more']); }, 10_000);
    listen(source, (line) => {
      seen.push(line);
      if (line === last || source.readyState === 2) { source.close(); resolve(seen); }
    });
  });
  const watch = (source) => {
    window.seen = [];
    window.source = listen(source, (line) => window.seen.push(line));
    return source;
  };
  const heard = (source, type) => new Promise((resolve) => source.addEventListener(type, resolve, { once: true }));
  const pass = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
`;

/** Before there is a response. It is a redirect that leads nowhere: browsers repeat requests that are reset. */
const NETWORK_ERROR = { status: 302, headers: { location: 'data:,nowhere' } };
const status = (status, headers = {}) => ({ status, headers, steps: [{ text: 'no' }] });
const COMMENTS = Array(100)
  .fill([{ text: ':\n' }, { pause: 100 }])
  .flat();
const stream = (text) => [{ text }, { hang: true }];

for (const [name, start] of Object.entries(BROWSERS)) {
  describe(`the policy in ${name}`, { timeout: 180_000 }, () => {
    let server;
    let browser;
    let keys = 0;
    before(async () => {
      server = await startServer();
      browser = await start();
    });
    after(async () => {
      await browser?.quit();
      await server?.stop();
    });

    const newKey = () => `policy-${name}-${++keys}`;
    const script = (key, ...connections) =>
      `/events/script?key=${key}&connections=${encodeURIComponent(JSON.stringify(connections))}`;
    const requests = async (key) => (await fetch(`${server.url}/log?key=${key}`)).json();
    /** Waits until that many requests have been made, and ended. */
    const requested = async (key, count, ended = 0) =>
      (await fetch(`${server.url}/log/wait?key=${key}&requests=${count}&ended=${ended}`)).json();
    const lastIds = (made) => made.map(({ headers }) => headers['last-event-id']);
    const run = async (code, argument) => {
      await browser.open(`${server.url}/pages/blank.html`);
      return browser.run(PAGE + code, argument);
    };
    /** The source of `watch` in the page that is there. */
    const look = (code = 'return seen') =>
      browser.run(
        `const { seen, source } = window; const pass = (ms) => new Promise((resolve) => setTimeout(resolve, ms)); ${code}`,
      );
    const pass = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    const seenUntil = (line) =>
      until(
        `${line} is seen`,
        () => look(),
        (seen) => seen.includes(line),
      );
    const tries = async (retry, connections, last) =>
      run(
        `const seen = await record(new EventSource($[0], ${retry ? `{ retry: ${retry} }` : '{}'}), $[1]); await pass(20); return { seen, failures, troubles }`,
        [script(newKey(), ...connections), last],
      );
    const delays = ({ failures }) => failures.map(({ delay }) => delay);

    describe('of waits', () => {
      it('begins with the delay, multiplies it by the factor, up to maxDelay', async () => {
        const told = await tries(
          '{ delay: 100, factor: 3, maxDelay: 500, jitter: 0 }',
          [NETWORK_ERROR, NETWORK_ERROR, NETWORK_ERROR, NETWORK_ERROR, stream('data: a\n\n')],
          'a',
        );
        assert.deepEqual(delays(told), [100, 300, 500, 500]);
        assert.deepEqual(
          told.failures.map(({ attempt }) => attempt),
          [1, 2, 3, 4],
        );
        assert.deepEqual(told.seen.slice(-2), ['open', 'a']);
      });

      it('really waits that long', async () => {
        const key = newKey();
        const retry = '{ delay: 300, jitter: 0 }';
        await run(
          `return record(new EventSource($, { retry: ${retry} }), 'a')`,
          script(key, NETWORK_ERROR, NETWORK_ERROR, stream('data: a\n\n')),
        );
        const times = (await requests(key)).map(({ time }) => time);
        assert.ok(times[1] - times[0] >= 295 && times[2] - times[1] >= 595, times.join());
      });

      it('takes a random share off, up to the jitter', async () => {
        const errors = Array(12).fill(NETWORK_ERROR);
        const told = await tries('{ delay: 200, factor: 1, jitter: 0.4 }', [...errors, stream('data: a\n\n')], 'a');
        assert.equal(delays(told).length, 12);
        for (const delay of delays(told)) assert.ok(delay >= 120 && delay <= 200, delays(told).join());
        assert.ok(new Set(delays(told)).size > 3, delays(told).join());
      });

      it('has defaults for what is left out: 3,000 doubled to 30,000, half of it random', async () => {
        const told = await run(
          `let answers = 0;
           const told = [];
           const when = ({ delay }) => { told.push(delay); return ++answers < 6 ? 100 : false; };
           await record(new EventSource($, { retry: { when } }));
           return told`,
          script(newKey(), NETWORK_ERROR),
        );
        const bounds = [3_000, 6_000, 12_000, 24_000, 30_000, 30_000];
        assert.equal(told.length, bounds.length);
        for (const [i, most] of bounds.entries()) assert.ok(told[i] <= most && told[i] >= most / 2, told.join());
      });

      it('begins with what the server says, and never waits less', async () => {
        const told = await tries(
          '{ delay: 5_000, factor: 2, jitter: 1 }',
          [[{ text: 'retry: 150\ndata: a\n\n' }], NETWORK_ERROR, stream('data: b\n\n')],
          'b',
        );
        for (const [i, delay] of delays(told).entries()) {
          assert.ok(delay >= 150 && delay <= 150 * 2 ** i, delays(told).join());
        }
        assert.equal(delays(told).length, 2);
      });

      it('gives up after so many attempts', async () => {
        const told = await tries('{ delay: 100, jitter: 0, factor: 1, attempts: 2 }', [NETWORK_ERROR]);
        assert.deepEqual(told.seen, ['again network', 'again network', 'closed network']);
        assert.deepEqual(
          told.failures.map(({ attempt, delay }) => [attempt, delay]),
          [
            [1, 100],
            [2, 100],
            [3, null],
          ],
        );
      });

      it('makes no further attempt with 0', async () => {
        assert.deepEqual((await tries('{ attempts: 0 }', [[{ text: 'data: a\n\n' }]])).seen, [
          'open',
          'a',
          'closed ended',
        ]);
      });

      it('starts over with an event, but not with a mere response', async () => {
        const empty = [];
        const told = await tries(
          '{ delay: 100, jitter: 0 }',
          [empty, empty, [{ text: 'data: a\n\n' }], empty, stream('data: b\n\n')],
          'b',
        );
        assert.deepEqual(delays(told), [100, 200, 100, 200]);
        const limited = await tries('{ delay: 100, jitter: 0, factor: 1, attempts: 2 }', [empty]);
        assert.deepEqual(limited.seen.slice(-2), ['open', 'closed ended']);
        assert.equal(limited.failures.length, 3);
      });

      it('starts over after resetAfter, and then not with an event', async () => {
        const short = [{ text: 'data: a\n\n' }];
        const told = await tries(
          '{ delay: 100, jitter: 0, resetAfter: 400 }',
          [short, short, [{ text: ':\n' }, { pause: 600 }], short, stream('data: b\n\n')],
          'b',
        );
        assert.deepEqual(delays(told), [100, 200, 100, 200]);
      });
    });

    describe('of statuses', () => {
      const TRANSIENT = [408, 425, 429, 500, 502, 503, 504, 599];
      const FINAL = [204, 301, 400, 401, 403, 409, 418];

      it('closes at every status where none is named, as the standard says', async () => {
        for (const retry of ['', '{}', '{ statuses: [] }', '{ statuses: [500] }']) {
          const { seen, failures } = await tries(retry, [status(503, { 'retry-after': '0' }), stream('data: a\n\n')]);
          assert.deepEqual(seen, ['closed status'], retry);
          assert.deepEqual([failures[0].status, failures[0].willRetry], [503, false]);
        }
      });

      it('tries again at those of a list', async () => {
        const told = await tries('{ delay: 100, statuses: [404, 500] }', [status(404), status(500), status(503)]);
        assert.deepEqual(told.seen, ['again status', 'again status', 'closed status']);
      });

      it('tries again at those that are transient, and at no other', async () => {
        // Each by itself: Chromium repeats a request of its own accord at 408.
        const willRetry = await run(
          `return Promise.all($.map((code) => new Promise((resolve) => {
             const source = new EventSource('/events/status/' + code, { retry: { statuses: 'transient' } });
             source.onerror = ({ willRetry, status }) => { source.close(); resolve([status, willRetry]); };
           })))`,
          [...TRANSIENT, ...FINAL],
        );
        assert.deepEqual(willRetry, [...TRANSIENT.map((code) => [code, true]), ...FINAL.map((code) => [code, false])]);
      });

      it('keeps the list, whatever the page does with it later', async () => {
        const seen = await run(
          `const retry = { delay: 100, statuses: [503] };
           const seen = record(new EventSource($, { retry }), 'a');
           retry.statuses.pop();
           retry.when = () => false;
           return seen`,
          script(newKey(), status(503), stream('data: a\n\n')),
        );
        assert.deepEqual(seen, ['again status', 'open', 'a']);
      });

      it('counts attempts at statuses, too', async () => {
        const told = await tries('{ delay: 100, factor: 1, statuses: [503], attempts: 1 }', [status(503)]);
        assert.deepEqual(told.seen, ['again status', 'closed status']);
      });

      const date = (inMs) => new Date(Date.now() + inMs).toUTCString();
      for (const [what, header, least, most] of [
        ['seconds', () => '2', 2_000, 2_000],
        ['no seconds', () => '0', 100, 100],
        ['a date', () => date(60_000), 50_000, 60_000],
        ['a date that is over', () => date(-60_000), 100, 100],
        ['nonsense', () => 'soon', 700, 700],
        ['a negative number', () => '-5', 700, 700],
        ['half seconds', () => '1.5', 700, 700],
      ]) {
        it(`waits as Retry-After says: ${what}`, async () => {
          for (const retry of [
            `{ delay: 700, jitter: 0, statuses: 'transient' }`,
            `{ delay: 700, jitter: 0, when: () => true }`,
          ]) {
            const delay = await run(
              `const source = new EventSource($, { retry: ${retry} });
               return new Promise((resolve) => { source.onerror = ({ delay }) => { source.close(); resolve(delay); }; })`,
              script(newKey(), status(503, { 'retry-after': header() })),
            );
            assert.ok(delay >= least && delay <= most, `${delay} with ${retry}`);
          }
        });
      }
    });

    describe('of the function when', () => {
      const when = (answer, connections, last) =>
        tries(`{ delay: 100, jitter: 0, factor: 1, when: ${answer} }`, connections, last);

      it('is told of every failure all that an error event is', async () => {
        const told = await run(
          `const told = [];
           const when = ({ cause, willRetry, attempt, delay, status, body, headers }) => {
             told.push([cause, willRetry, attempt, delay, status, body, headers && headers.get('x-reason')].map((value) => value ?? null));
             return attempt < 4;
           };
           await record(new EventSource($, { retry: { delay: 100, jitter: 0, factor: 1, when } }));
           return told`,
          script(
            newKey(),
            NETWORK_ERROR,
            status(503, { 'x-reason': 'busy' }),
            { headers: { 'content-type': 'text/html' }, steps: [{ text: '<p>' }] },
            [{ text: ':\n' }],
          ),
        );
        assert.deepEqual(told, [
          ['network', true, 1, 100, null, null, null],
          ['status', false, 2, null, 503, 'no', 'busy'],
          ['content-type', false, 3, null, 200, '<p>', null],
          ['ended', true, 4, 100, null, null, null],
        ]);
      });

      it('has another attempt made by true, where there would be none', async () => {
        const told = await when(
          '() => true',
          [status(404), { headers: { 'content-type': 'text/html' } }, stream('data: a\n\n')],
          'a',
        );
        assert.deepEqual(told.seen, ['again status', 'again content-type', 'open', 'a']);
        assert.deepEqual(delays(told), [100, 100]);
      });

      it('forbids one by false, and leaves it by nothing', async () => {
        assert.deepEqual((await when('() => false', [NETWORK_ERROR])).seen, ['closed network']);
        const left = await when('() => {}', [NETWORK_ERROR, status(404)]);
        assert.deepEqual(left.seen, ['again network', 'closed status']);
      });

      it('decides about the wait by a number, which is never less than 100', async () => {
        const told = await when(
          '({ attempt }) => [0, 250, 0, 1, 0.5][attempt]',
          [NETWORK_ERROR, status(404), NETWORK_ERROR, NETWORK_ERROR, stream('data: a\n\n')],
          'a',
        );
        assert.deepEqual(delays(told), [250, 100, 100, 100]);
      });

      it('closes the source where it throws, or gives nonsense', async () => {
        for (const [answer, text] of [
          [`() => { throw new Error('broken'); }`, /broken/],
          [`() => 'yes'`, /retry\.when has to return/],
          ['() => null', /retry\.when has to return/],
          ['() => -1', /retry\.when has to return/],
          ['() => NaN', /retry\.when has to return/],
          ['async () => true', /retry\.when has to return/],
          [`async () => { throw new Error('later'); }`, /retry\.when has to return/],
        ]) {
          const told = await when(answer, [NETWORK_ERROR]);
          assert.deepEqual(told.seen, ['closed callback'], answer);
          assert.match(told.failures[0].message, text);
          assert.deepEqual(told.troubles, [], answer);
        }
      });

      it('may close the source, or reconnect: then nothing else follows', async () => {
        const key = newKey();
        const [closed, seen] = await run(
          `const closed = [];
           const source = listen(new EventSource($, { retry: { delay: 100, when: () => { source.close(); return true; } } }), (line) => closed.push(line));
           await pass(400);
           let asked = 0;
           const other = new EventSource($ + '-again', { retry: { delay: 100, when: () => { if (asked++ === 0) other.reconnect(); return false; } } });
           return [closed, await record(other, 'a')]`,
          `/events/script?connections=${encodeURIComponent(JSON.stringify([NETWORK_ERROR, stream('data: a\n\n')]))}&key=${key}`,
        );
        assert.deepEqual([closed, seen], [[], ['open', 'a']]);
        assert.deepEqual([(await requests(key)).length, (await requests(`${key}-again`)).length], [1, 2]);
      });
    });

    describe('of time limits', () => {
      it('has a request that gets no response for connectTimeout end, and tries again', async () => {
        const key = newKey();
        const { seen, failures } = await run(
          `let attempts = 0;
           const source = new EventSource('/', { connectTimeout: 200, retry: { delay: 100 }, url: () => attempts++ ? $[0] : $[1] });
           return { seen: await record(source, 'a'), failures }`,
          [script(key, stream('data: a\n\n')), `/events/hang?key=${key}-hang`],
        );
        assert.deepEqual(seen, ['again timeout', 'open', 'a']);
        assert.match(failures[0].message, /nothing came from the server for too long/);
        const [hung] = await requested(`${key}-hang`, 1, 1);
        assert.equal(hung.how, 'client-gone');
      });

      it('does not count what follows the response to connectTimeout', async () => {
        // Firefox hands a response on with the first byte of its body.
        const seen = await run(
          `return record(new EventSource($, { connectTimeout: 200, retry: { delay: 100 } }), 'a')`,
          script(newKey(), [{ text: ':\n' }, { pause: 500 }, ...stream('data: a\n\n')]),
        );
        assert.deepEqual(seen, ['open', 'a']);
      });

      it('has connectTimeout cover the functions that are asked before', async () => {
        const seen = await run(
          `let attempts = 0;
           return record(new EventSource($, { connectTimeout: 200, retry: { delay: 100 }, headers: () => attempts++ ? {} : new Promise(() => {}) }), 'a')`,
          script(newKey(), stream('data: a\n\n')),
        );
        assert.deepEqual(seen, ['again timeout', 'open', 'a']);
      });

      it('ends a connection that is silent for idleTimeout, and tries again', async () => {
        const seen = await run(
          `return record(new EventSource($, { idleTimeout: 300, retry: { delay: 100 } }), 'b')`,
          script(newKey(), stream('data: a\n\n'), stream('data: b\n\n')),
        );
        assert.deepEqual(seen, ['open', 'a', 'again timeout', 'open', 'b']);
      });

      it('counts any byte, also of comments', async () => {
        const steps = [':', ' ', '\n', ':\n', 'd', 'a', 't', 'a', ': a\n\n'].flatMap((text) => [
          { pause: 150 },
          { text },
        ]);
        const seen = await run(
          `return record(new EventSource($, { idleTimeout: 500, retry: { delay: 100 } }), 'a')`,
          script(newKey(), steps),
        );
        assert.deepEqual(seen, ['open', 'a']);
      });

      it('does not count the time that the page takes for its events', async () => {
        const steps = [{ text: 'data: a\n\ndata: b\n\n' }, { pause: 100 }, { text: 'data: c\n\n' }, ...COMMENTS];
        const [slow, blocking] = await run(
          `const seen = [];
           const source = new EventSource($[0], { idleTimeout: 300, retry: { delay: 100 } });
           source.onerror = ({ cause }) => seen.push(cause);
           for await (const { data } of source) {
             seen.push(data);
             await pass(500);
             if (data === 'c') break;
           }
           const blocking = new EventSource($[1], { idleTimeout: 300, retry: { delay: 100 } });
           blocking.addEventListener('message', ({ data }) => {
             if (data === 'c') return;
             const start = Date.now();
             while (Date.now() - start < 500);
           });
           return [seen, await record(blocking, 'c')]`,
          [script(newKey(), steps), script(newKey(), steps)],
        );
        assert.deepEqual(slow, ['a', 'b', 'c']);
        assert.deepEqual(blocking, ['open', 'a', 'b', 'c']);
      });

      it('does not count the time that the page is busy with something else, either', async () => {
        const steps = COMMENTS.slice(0, 40);
        const seen = await run(
          `const source = new EventSource($, { idleTimeout: 400, retry: { delay: 100 } });
           await heard(source, 'open');
           setTimeout(() => { const start = Date.now(); while (Date.now() - start < 1_000); }, 200);
           return record(source, 'a')`,
          script(newKey(), [...steps, { text: 'data: a\n\n' }, { hang: true }]),
        );
        assert.deepEqual(seen, ['a']);
      });

      it('is off by default', async () => {
        const key = newKey();
        const seen = await run(
          `const hangs = listen(new EventSource('/events/hang'), (line) => seen.push(line));
           const seen = [];
           const silent = listen(new EventSource($, { retry: {} }), (line) => seen.push(line));
           await pass(600);
           hangs.close();
           silent.close();
           return seen`,
          script(key, stream(':\n')),
        );
        assert.deepEqual(seen, ['open']);
      });
    });

    describe('of reconnect()', () => {
      const TWO = [stream('id: 1\ndata: a\n\n'), stream('data: b\n\n')];

      it('drops an open connection, and goes on after the last event, without an error event', async () => {
        const key = newKey();
        const [states, seen] = await run(
          `const source = new EventSource($);
           const states = [];
           source.addEventListener('message', ({ data }) => {
             if (data !== 'a') return;
             source.reconnect();
             states.push(source.readyState);
           });
           const seen = await record(source, 'b');
           return [states, seen]`,
          script(key, ...TWO),
        );
        assert.deepEqual([states, seen], [[0], ['open', 'a', 'open', 'b']]);
        assert.deepEqual(lastIds(await requested(key, 2, 2)), [undefined, '1']);
      });

      it('makes the request anew while it connects', async () => {
        const key = newKey();
        const seen = await run(
          `let attempts = 0;
           const source = new EventSource('/', { url: () => attempts++ ? $[0] : $[1] });
           const seen = record(source, 'a');
           await pass(200);
           source.reconnect();
           return seen`,
          [script(key, stream('data: a\n\n')), `/events/hang?key=${key}-hang`],
        );
        assert.deepEqual(seen, ['open', 'a']);
        assert.equal((await requested(`${key}-hang`, 1, 1))[0].how, 'client-gone');
      });

      it('does not wait any longer, and counts attempts anew', async () => {
        const key = newKey();
        const told = await run(
          `const source = new EventSource($, { retry: { delay: 60_000, factor: 10, jitter: 0, maxDelay: 1e9 } });
           let errors = 0;
           source.addEventListener('error', () => { if (errors++ < 2) setTimeout(() => source.reconnect(), 50); else source.close(); });
           const seen = await record(source);
           return { seen, failures }`,
          script(key, NETWORK_ERROR),
        );
        assert.deepEqual(delays(told), [60_000, 60_000, 60_000]);
        assert.equal((await requests(key)).length, 3);
      });

      for (const [how, end] of Object.entries({
        'was closed': 'source.close();',
        'has failed for good': '',
      })) {
        it(`opens a source again that ${how}`, async () => {
          const key = newKey();
          const seen = await run(
            `const source = new EventSource($);
             await heard(source, '${end ? 'message' : 'error'}');
             ${end}
             const seen = [source.readyState];
             source.reconnect();
             seen.push(source.readyState);
             return [...seen, ...await record(source, 'b')]`,
            script(key, end ? TWO[0] : status(404), TWO[1]),
          );
          assert.deepEqual(seen, [2, 0, 'open', 'b']);
          assert.deepEqual(lastIds(await requests(key)), [undefined, end ? '1' : undefined]);
        });
      }

      it('changes nothing right after the construction', async () => {
        const key = newKey();
        const seen = await run(
          `const source = new EventSource($);
           source.reconnect();
           return record(source, 'a')`,
          script(key, ...TWO),
        );
        assert.deepEqual(seen, ['open', 'a']);
        assert.equal((await requests(key)).length, 1);
      });

      it('does nothing after the signal was aborted', async () => {
        const key = newKey();
        const state = await run(
          `const controller = new AbortController();
           const source = new EventSource($, { signal: controller.signal });
           await heard(source, 'open');
           controller.abort();
           source.reconnect();
           await pass(300);
           return source.readyState`,
          script(key, ...TWO),
        );
        assert.equal(state, 2);
        assert.equal((await requests(key)).length, 1);
      });

      it('heeds a signal that is aborted after it', async () => {
        const key = newKey();
        const state = await run(
          `const controller = new AbortController();
           const source = new EventSource($, { signal: controller.signal });
           await heard(source, 'open');
           source.close();
           source.reconnect();
           await heard(source, 'open');
           controller.abort();
           return source.readyState`,
          script(key, ...TWO),
        );
        assert.equal(state, 2);
        await requested(key, 2, 2);
      });
    });

    describe('of hidden pages', () => {
      /** Numbered events, also those that were missed. */
      const numbers = (key) => `/events/notifications?interval=30&key=${key}`;

      it('disconnects while the page is hidden, and goes on after the last event: nothing is lost or comes twice', async () => {
        const key = newKey();
        await run(
          `const ids = window.ids = [];
           const source = watch(new EventSource($, { pauseWhenHidden: true }));
           const add = ({ lastEventId }) => ids.push(Number(lastEventId));
           source.addEventListener(EventSource.ANY, add);
           await heard(source, 'open');`,
          numbers(key),
        );
        await browser.hide();
        const [first] = await requested(key, 1, 1);
        assert.equal(first.how, 'client-gone');
        const [state, seen] = await look(
          'return [source.readyState, seen.filter((line) => /^(again|closed)/.test(line))]',
        );
        assert.deepEqual([state, seen], [0, []], 'no event tells of it');
        await look('source.reconnect();');
        await pass(300);
        assert.equal((await requests(key)).length, 1, 'not by hand, either');
        await browser.show();
        await requested(key, 2);
        // Quickly, several times.
        for (let i = 0; i < 3; i++) {
          await browser.hide();
          await browser.show();
        }
        const count = await look('return window.ids.length');
        await until(
          'more has come',
          () => look('return window.ids.length'),
          (now) => now > count + 10,
        );
        const ids = await look('source.close(); return window.ids');
        assert.deepEqual(
          ids,
          ids.map((_, i) => ids[0] + i),
        );
        assert.ok(
          lastIds(await requests(key))
            .slice(1)
            .every(Boolean),
        );
      });

      it('requests nothing that is constructed while the page is hidden, until it is shown', async () => {
        const key = newKey();
        await run('');
        await browser.hide();
        await until(
          'the page is hidden',
          () => browser.run('return document.visibilityState'),
          (state) => state === 'hidden',
        );
        await browser.run(
          `${PAGE} watch(new EventSource($, { pauseWhenHidden: true }));`,
          script(key, stream('data: a\n\n')),
        );
        await pass(300);
        assert.deepEqual(await requests(key), []);
        await browser.show();
        await seenUntil('a');
        assert.deepEqual(await look('source.close(); return seen'), ['open', 'a']);
        assert.equal((await requests(key)).length, 1);
      });

      it('does not disturb a POST that has delivered events: it could not be made again', async () => {
        const key = newKey();
        await run(
          `const source = watch(new EventSource($, { pauseWhenHidden: true, method: 'POST', body: 'x' })); await heard(source, 'message');`,
          script(key, [{ text: 'data: a\n\n' }, { pause: 1_500 }, { text: 'data: b\n\n' }]),
        );
        await browser.hide();
        await pass(200);
        await browser.show();
        await seenUntil('closed ended');
        assert.deepEqual(await look(), ['open', 'a', 'b', 'closed ended']);
        assert.equal((await requests(key)).length, 1);
      });

      it('goes on in a hidden page without pauseWhenHidden', async () => {
        const key = newKey();
        await run(
          `const source = watch(new EventSource($, { retry: {} })); await heard(source, 'message');`,
          `/events/clock?interval=50&key=${key}`,
        );
        await browser.hide();
        const { length } = await look();
        await until(
          'more comes',
          () => look(),
          (seen) => seen.length > length + 2,
        );
        await browser.show();
        await look('source.close()');
        assert.equal((await requests(key)).length, 1);
      });

      it('tries at once where the page is shown while a source with a policy waits', async () => {
        const key = newKey();
        await run(
          `watch(new EventSource($, { retry: { delay: 60_000 } }));`,
          script(key, NETWORK_ERROR, stream('data: a\n\n')),
        );
        await seenUntil('again network');
        await browser.hide();
        await pass(200);
        assert.equal((await requests(key)).length, 1);
        await browser.show();
        await seenUntil('a');
        await look('source.close()');
      });

      it('does not try before Retry-After is over', async () => {
        const key = newKey();
        await run(
          `watch(new EventSource($, { retry: { delay: 100, statuses: 'transient' } }));`,
          script(key, status(503, { 'retry-after': '2' }), stream('data: a\n\n')),
        );
        await seenUntil('again status');
        await browser.hide();
        await browser.show();
        await seenUntil('a');
        const [first, second] = await requests(key);
        assert.ok(second.time - first.time >= 1_990, `${second.time - first.time}`);
      });

      it('leaves a source without a policy to its wait', async () => {
        const key = newKey();
        await run(
          `watch(new EventSource($));`,
          script(key, [{ text: 'retry: 60000\ndata: a\n\n' }], stream('data: b\n\n')),
        );
        await seenUntil('again ended');
        await browser.hide();
        await browser.show();
        await pass(300);
        assert.equal((await requests(key)).length, 1);
        await look('source.close()');
      });
    });

    describe('of the network', () => {
      const elsewhere = (path) => server.url.replace('127.0.0.1', OTHER_HOST) + path;
      const offline = (isOffline) => browser.setOffline(isOffline);

      it('makes no attempt while there is no network, and one at once when it is back', async () => {
        const key = newKey();
        await run(
          `const source = watch(new EventSource($, { retry: { delay: 100, jitter: 0, factor: 1 } })); await heard(source, 'message');`,
          elsewhere(script(key, [{ text: 'data: a\n\n' }, { pause: 1_000 }], stream('data: b\n\n'))),
        );
        try {
          await offline(true);
          const lost = await until(
            'the connection is lost',
            () => look(),
            (seen) => seen.some((line) => line.startsWith('again')),
          );
          await pass(500);
          assert.deepEqual(await look(), lost, 'no attempt has failed since');
        } finally {
          await offline(false);
        }
        await seenUntil('b');
        await look('source.close()');
      });

      it('does not end a longer wait before there is a network, and does then', async () => {
        const key = newKey();
        await run(
          `watch(new EventSource($, { retry: { delay: 60_000 } }));`,
          elsewhere(script(key, [{ text: ':\n' }], stream('data: a\n\n'))),
        );
        await seenUntil('again ended');
        try {
          await offline(true);
          await browser.hide();
          await browser.show();
          await pass(200);
          assert.deepEqual(await look(), ['open', 'again ended'], 'not because the page is shown');
        } finally {
          await offline(false);
        }
        await seenUntil('a');
        await look('source.close()');
      });

      it('makes a connection anew that was silent while there was no network', async () => {
        const key = newKey();
        // Events dispatched by hand leave the connection itself alone.
        const seen = await run(
          `const source = new EventSource($, { retry: { delay: 60_000 } });
           const seen = record(source, 'b');
           await heard(source, 'message');
           await pass(20);
           dispatchEvent(new Event('offline'));
           await pass(100);
           dispatchEvent(new Event('online'));
           return { seen: await seen, failures }`,
          elsewhere(script(key, stream('id: 1\ndata: a\n\n'), stream('data: b\n\n'))),
        );
        assert.deepEqual(seen.seen, ['open', 'a', 'again timeout', 'open', 'b']);
        assert.equal(seen.failures[0].delay, 0);
      });

      it('keeps one that has spoken meanwhile, and all to this machine itself', async () => {
        const spoken = await run(
          `const seen = [];
           for (const url of $) {
             const source = new EventSource(url, { retry: {} });
             const lines = record(source, 'c');
             await heard(source, 'message');
             await pass(20);
             dispatchEvent(new Event('offline'));
             if (url.includes('127.0.0.1')) await pass(50);
             else await heard(source, 'message');
             dispatchEvent(new Event('online'));
             seen.push(await lines);
           }
           return seen`,
          [elsewhere(''), server.url].map(
            (place) =>
              `${place.replace(/\/$/, '')}${script(newKey(), [{ text: 'data: a\n\n' }, { pause: 300 }, { text: 'data: b\n\n' }, { pause: 300 }, { text: 'data: c\n\n' }, { hang: true }])}`,
          ),
        );
        assert.deepEqual(spoken, Array(2).fill(['open', 'a', 'b', 'c']));
      });

      it('goes on trying in vain where there is no policy, as the standard says', async () => {
        const key = newKey();
        await run(
          `const source = watch(new EventSource($)); await heard(source, 'message');`,
          elsewhere(script(key, [{ text: 'retry: 100\ndata: a\n\n' }, { pause: 600 }], stream('data: b\n\n'))),
        );
        try {
          await offline(true);
          await browser.run(`dispatchEvent(new Event('offline'))`);
          await until(
            'several attempts have been made',
            () => look(),
            (seen) => seen.filter((line) => line.startsWith('again')).length > 1 || seen.includes('b'),
          );
        } finally {
          await offline(false);
        }
        await look('source.close()');
      });
    });

    describe('of sleep', () => {
      /** The clock jumps, and what looks at it every ten seconds does so every 50 ms. */
      const JUMP = `
        const { setInterval, Date } = window;
        const { now } = Date;
        let ahead = 0;
        Date.now = () => now() + ahead;
        window.setInterval = (callback, time) => setInterval(callback, time / 200);
        const jump = async () => { await pass(120); ahead += 3_600_000; await pass(120); };
      `;

      it('makes a silent connection anew when the device wakes, and ends a wait', async () => {
        const [open, waiting] = await run(
          `${JUMP}
           const source = new EventSource($[0], { retry: { delay: 60_000 } });
           const seen = record(source, 'b');
           await heard(source, 'message');
           await jump();
           const open = await seen;
           const other = new EventSource($[1], { retry: { delay: 60_000 } });
           const others = record(other, 'c');
           await heard(other, 'error');
           await jump();
           return [open, await others]`,
          [
            script(newKey(), stream('id: 1\ndata: a\n\n'), stream('data: b\n\n')),
            script(newKey(), NETWORK_ERROR, stream('data: c\n\n')),
          ],
        );
        assert.deepEqual(open, ['open', 'a', 'again timeout', 'open', 'b']);
        assert.deepEqual(waiting, ['again network', 'open', 'c']);
      });

      it('takes for dead also what had spoken right before the device slept', async () => {
        const seen = await run(
          `${JUMP}
           window.setInterval = (callback, time) => setInterval(callback, time / 10);
           const source = new EventSource($, { retry: { delay: 60_000 } });
           const seen = record(source, 'b');
           await heard(source, 'message');
           await pass(50);
           ahead += 3_600_000;
           return seen`,
          script(newKey(), [{ pause: 200 }, { text: 'data: a\n\n' }, { hang: true }], stream('data: b\n\n')),
        );
        assert.deepEqual(seen, ['open', 'a', 'again timeout', 'open', 'b']);
      });

      it('leaves a source without a policy alone', async () => {
        const key = newKey();
        const seen = await run(
          `${JUMP}
           const seen = [];
           const source = listen(new EventSource($), (line) => seen.push(line));
           await heard(source, 'message');
           await jump();
           source.close();
           return seen`,
          script(key, stream('data: a\n\n'), stream('data: b\n\n')),
        );
        assert.deepEqual(seen, ['open', 'a']);
        assert.equal((await requests(key)).length, 1);
      });

      it('does not make a POST anew that may have been done', async () => {
        const key = newKey();
        const seen = await run(
          `${JUMP}
           const seen = [];
           const source = listen(new EventSource($, { method: 'POST', body: 'x', retry: {} }), (line) => seen.push(line));
           await heard(source, 'message');
           await jump();
           source.close();
           return seen`,
          script(key, stream('data: a\n\n'), stream('data: b\n\n')),
        );
        assert.deepEqual(seen, ['open', 'a']);
        assert.equal((await requests(key)).length, 1);
      });
    });
  });
}
