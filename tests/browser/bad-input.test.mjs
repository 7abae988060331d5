// What the constructor refuses: each option with a wrong type or value, by a TypeError that names it.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startServer } from '../../scripts/server.mjs';
import { BROWSERS } from './browsers.mjs';

/** The wrong values of each option, as they are written in the page. */
const WRONG = {
  credentials: [`'yes'`, `''`, `'INCLUDE'`, 'true', 'null', '1'],
  headers: [
    'null',
    '5',
    `'X-Token: 1'`,
    `[['only a name']]`,
    `{ 'a b': '1' }`,
    `{ '': '1' }`,
    `{ 'X-Töken': '1' }`,
    `{ 'X-Token': 'one\\ntwo' }`,
    `{ 'X-Token': 'one\\0' }`,
    `{ 'X-Token': '€' }`,
    `{ Cookie: 'a=b' }`,
    `{ host: 'example.com' }`,
    `{ 'Content-Length': '5' }`,
    `{ 'Sec-Token': '1' }`,
    `{ 'Proxy-Token': '1' }`,
    `[['X-Token', '1'], ['Origin', 'https://example.com']]`,
  ],
  method: [`''`, `'GE T'`, `'TRACE'`, `'connect'`, 'null', '5', '{}', '() => "POST"'],
  url: [`'/events'`, 'new URL(location)', 'null', '{}'],
  fetch: [`'fetch'`, 'null', '{}', 'true'],
  signal: ['true', `'abort'`, '{}', 'new AbortController()', '{ aborted: false }', '() => {}'],
  lastEventId: ['5', 'null', '{}', `'one\\ntwo'`, `'one\\r'`, `'\\0'`],
  lastEventIdParam: [`''`, 'true', 'null', '5'],
  retry: ['null', '5', 'true', `'transient'`, '() => true'],
  connectTimeout: ['-1', 'NaN', 'Infinity', `'5'`, 'null', '2 ** 31'],
  idleTimeout: ['-1', 'NaN', 'Infinity', `'5'`, 'null', '2 ** 31'],
  pauseWhenHidden: ['1', `'true'`, 'null'],
  validate: ['true', 'null', '{}'],
  onBatch: ['true', 'null', '[]'],
};

const WRONG_RETRY = {
  delay: ['-1', 'NaN', 'Infinity', `'5'`, 'null', '2 ** 31'],
  factor: ['0', '0.5', '-2', 'NaN', 'Infinity', `'2'`, 'null'],
  maxDelay: ['-1', 'NaN', 'Infinity', `'5'`, 'null'],
  jitter: ['-0.1', '1.1', '50', 'NaN', `'0.5'`, 'true', 'null'],
  attempts: ['-1', 'NaN', `'5'`, 'null', 'true'],
  resetAfter: ['-1', 'NaN', 'Infinity', `'5'`, 'null', 'true'],
  statuses: [`'all'`, '503', 'null', 'true', '{}', `['503']`, '[99]', '[600]', '[503.5]', 'new Set([503])', '[,]'],
  resend: ['1', `'yes'`, 'null'],
  when: ['true', 'null', '500', '{}'],
};

const WRONG_BODIES = [
  '{}',
  '{ a: 1 }',
  '[1, 2]',
  '5',
  'true',
  'new Map()',
  'new (class Message {})()',
  'Object.create(null)',
  `Symbol('body')`,
  `(() => { const stream = new ReadableStream(); stream.getReader(); return stream; })()`,
];

/** All right, though it looks odd. */
const RIGHT = [
  'undefined',
  'null',
  '{}',
  '() => {}',
  'Object.create(null)',
  `{ heartbeatTimeout: 'ignored', Headers: 5, payload: {} }`,
  '{ headers: undefined, method: undefined, body: undefined, retry: undefined, signal: undefined, credentials: undefined, lastEventId: undefined, connectTimeout: undefined, pauseWhenHidden: undefined, fetch: undefined, url: undefined }',
  '{ retry: { delay: undefined, statuses: undefined, when: undefined } }',
  '{ headers: {} }',
  '{ headers: [] }',
  `{ method: 'POST', body: null }`,
  `{ method: 'POST', body: '' }`,
  '{ body: null }',
  '{ signal: null }',
  `{ lastEventId: '' }`,
  '{ connectTimeout: 0, idleTimeout: 0 }',
  '{ retry: {} }',
  '{ retry: { delay: 0, factor: 1, maxDelay: 0, jitter: 0, attempts: Infinity, resetAfter: 0, statuses: [] } }',
  `{ withCredentials: 'yes' }`,
];

for (const [name, start] of Object.entries(BROWSERS)) {
  describe(`the constructor in ${name}`, { timeout: 60_000 }, () => {
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

    const newKey = () => `bad-${name}-${++keys}`;
    const requests = async (key) => (await fetch(`${server.url}/log?key=${key}`)).json();
    const run = async (code, argument) => {
      await browser.open(`${server.url}/pages/blank.html`);
      return browser.run(`const { EventSource } = eventsourceWasm; ${code}`, argument);
    };
    /** What the constructor throws for each of these, and that it has requested nothing. */
    const construct = async (inits) => {
      const key = newKey();
      const thrown = await run(
        `const thrown = [];
         const url = '/events/clock?key=' + $;
         for (const getInit of [${inits.map((init) => `() => (${init})`).join()}]) {
           try { new EventSource(url, getInit()).close(); thrown.push(null); }
           catch (error) { thrown.push([error.name, error instanceof window.TypeError, error.message]); }
         }
         await new Promise((resolve) => setTimeout(resolve, 100));
         return thrown`,
        key,
      );
      assert.deepEqual(await requests(key), []);
      return inits.map((init, i) => [init, thrown[i]]);
    };
    const areNamed = (results, option) => {
      for (const [init, thrown] of results) {
        assert.ok(thrown, `${init} was taken`);
        assert.deepEqual(thrown.slice(0, 2), ['TypeError', true], init);
        const start = `EventSource: the option ${option} `;
        assert.equal(thrown[2].slice(0, start.length), start, init);
        assert.doesNotMatch(thrown[2], /undefined/, init);
      }
    };

    for (const [option, values] of Object.entries(WRONG)) {
      it(`names ${option} where it is wrong, and requests nothing`, async () => {
        areNamed(await construct(values.map((value) => `{ ${option}: ${value} }`)), option);
      });
    }

    for (const [member, values] of Object.entries(WRONG_RETRY)) {
      it(`names retry.${member} where it is wrong`, async () => {
        areNamed(await construct(values.map((value) => `{ retry: { ${member}: ${value} } }`)), `retry.${member}`);
      });
    }

    it('names a member of retry that there is not, with those that there are', async () => {
      const results = await construct([
        '{ retry: { dely: 5 } }',
        '{ retry: { delay: 5, retries: 3 } }',
        '{ retry: [503] }',
      ]);
      for (const [i, member] of ['dely', 'retries', '0'].entries()) areNamed([results[i]], `retry.${member}`);
      for (const [, [, , message]] of results) assert.match(message, /one of delay, factor, .*resend, when/);
    });

    it('names body where fetch would send something else than was meant, or nothing', async () => {
      areNamed(await construct(WRONG_BODIES.map((body) => `{ method: 'POST', body: ${body} }`)), 'body');
    });

    it('names body where the method has none', async () => {
      const results = await construct([
        `{ body: 'x' }`,
        `{ method: 'GET', body: 'x' }`,
        `{ method: 'head', body: 'x' }`,
        `{ body: () => 'x' }`,
        `{ body: '' }`,
      ]);
      areNamed(results, 'body');
      for (const [, [, , message]] of results) assert.match(message, /method/);
    });

    it('names the header that browsers do not let a page send', async () => {
      const [[, [, , message]]] = await construct([
        `{ headers: { 'X-Token': '1', 'User-Agent': 'me', Referer: '/' } }`,
      ]);
      assert.match(message, /"referer"/i);
    });

    it('names a wrong option also where it is inherited, and takes inherited ones', async () => {
      areNamed(
        await construct(['Object.create({ lastEventId: 5 })', 'new (class { get lastEventId() { return 5; } })()']),
        'lastEventId',
      );
      areNamed(await construct(['{ retry: Object.create({ delay: -1 }) }']), 'retry.delay');
      const key = newKey();
      const sent = await run(
        `const source = new EventSource('/events/echo?key=' + $, Object.create({ lastEventId: '7', headers: { 'X-Token': 'one' } }));
         return new Promise((resolve) => { source.onmessage = ({ data }) => { source.close(); resolve(JSON.parse(data).headers); }; })`,
        key,
      );
      assert.deepEqual([sent['last-event-id'], sent['x-token']], ['7', 'one']);
    });

    it('hands on what a getter throws', async () => {
      const [[, thrown]] = await construct(['{ get headers() { throw new window.TypeError("of the getter"); } }']);
      assert.deepEqual(thrown, ['TypeError', true, 'of the getter']);
    });

    it('takes what WebIDL takes: nothing, unknown options, undefined members', async () => {
      for (const [init, thrown] of await construct(RIGHT)) assert.equal(thrown, null, `${init}: ${thrown}`);
    });

    it('refuses what is no dictionary', async () => {
      for (const [init, thrown] of await construct(['5', `'text'`, 'true', 'Symbol()', '1n'])) {
        assert.deepEqual(thrown?.slice(0, 2), ['TypeError', true], init);
        assert.match(thrown[2], /not of type 'EventSourceInit'/);
      }
    });
  });
}
