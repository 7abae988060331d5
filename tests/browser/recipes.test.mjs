// How the streams of well-known services are taken: each recipe as it would be copied, against a server that answers like them.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startServer } from '../../scripts/server.mjs';
import { BROWSERS } from './browsers.mjs';

/** In the page. */
const IN_PAGE = `
  const { EventSource, EventSourceError, events, parseJSON } = eventsourceWasm;
  /** A test that waits in vain fails. */
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error('It did not happen.')), 15_000));
`;

const OPENAI = `
  async function* complete(url, key, body) {
    const request = {
      method: 'POST',
      headers: { Authorization: \`Bearer \${key}\`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ ...body, stream: true }),
      until: '[DONE]',
    };
    for await (const { data } of events(url, request)) yield JSON.parse(data).choices[0].delta.content ?? '';
  }
`;

const ANTHROPIC = `
  async function* ask(url, key, body) {
    const request = {
      method: 'POST',
      headers: { 'x-api-key': key, 'anthropic-version': '2023-06-01', 'Content-Type': 'application/json' },
      body: JSON.stringify({ ...body, stream: true }),
      until: ({ type }) => type === 'message_stop',
    };
    for await (const { type, data } of events(url, request)) {
      if (type === 'error') throw new Error(JSON.parse(data).error.message);
      if (type === 'content_block_delta') yield JSON.parse(data).delta.text;
    }
  }
`;

const MCP = `
  async function* call(url, session, message) {
    const request = {
      method: 'POST',
      headers: { ...session, Accept: 'application/json, text/event-stream', 'Content-Type': 'application/json' },
      body: JSON.stringify(message),
    };
    let lastEventId = '';
    async function* answers() {
      try {
        yield* events(url, request);
      } catch (error) {
        if (!lastEventId) throw error;
      }
      yield* new EventSource(url, { headers: session, lastEventId });
    }
    for await (const { data, lastEventId: id } of answers()) {
      lastEventId = id;
      if (!data) continue;
      const answer = JSON.parse(data);
      yield answer;
      if (answer.id === message.id) return;
    }
  }
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

    const requests = async (key) => (await fetch(`${server.url}/log?key=${key}`)).json();
    /** Opens a page and runs code in it. */
    const run = async (code, argument) => {
      await browser.open(`${server.url}/pages/blank.html`);
      return browser.run(`${IN_PAGE} return Promise.race([(async () => { ${code} })(), late]);`, argument);
    };

    describe('chat completions as OpenAI streams them', () => {
      const BODY = `{ model: 'm', messages: [{ role: 'user', content: 'Hello' }] }`;

      it('are tokens of JSON until [DONE]', async () => {
        const text = await run(
          `${OPENAI}
           let text = '';
           for await (const token of complete($, 'secret', ${BODY})) text += token;
           return text`,
          '/events/openai/v1/chat/completions?interval=1&key=openai',
        );
        assert.match(text, /^You said: “Hello”\. .* word by word\.$/);
        const [{ method, headers }] = await requests('openai');
        assert.deepEqual([method, headers.authorization], ['POST', 'Bearer secret']);
      });

      it('fail with the status and the JSON of the error, and with the time to wait', async () => {
        const seen = await run(
          `${OPENAI}
           const explain = async (url, key) => {
             try {
               for await (const _ of complete(url, key, ${BODY}));
             } catch (error) {
               if (!(error instanceof EventSourceError)) throw error;
               const { status, headers, body } = error;
               return [status, JSON.parse(body).error.code, headers.get('Retry-After')];
             }
           };
           return [await explain($, ''), await explain($ + '&limited=1&retry-after=7', 'secret')]`,
          '/events/openai/v1/chat/completions?key=openai-fails',
        );
        assert.deepEqual(seen, [
          [401, 'invalid_api_key', null],
          [429, 'rate_limit_exceeded', '7'],
        ]);
      });

      it('can be asked for again by a source when the server is ready, as Retry-After says', async () => {
        const [text, failures, time] = await run(
          `const source = new EventSource($, {
             method: 'POST',
             headers: { Authorization: 'Bearer secret', 'Content-Type': 'application/json' },
             body: JSON.stringify({ ...${BODY}, stream: true }),
             retry: { statuses: 'transient', attempts: 5 },
           });
           const failures = [];
           // The answer's end may be told before the loop has come to [DONE].
           source.onerror = ({ cause, status, delay }) => cause === 'ended' || failures.push([status, delay]);
           let text = '';
           const start = performance.now();
           let time;
           for await (const { data } of source) {
             time ??= performance.now() - start;
             if (data === '[DONE]') break;
             text += JSON.parse(data).choices[0].delta.content ?? '';
           }
           return [text, failures, time]`,
          '/events/openai/v1/chat/completions?interval=1&limited=1&retry-after=1&key=openai-limited',
        );
        assert.match(text, /^You said: “Hello”/);
        assert.deepEqual(failures, [[429, 1_000]]);
        assert.ok(time >= 990, `${time} ms`);
        assert.deepEqual(
          (await requests('openai-limited')).map(({ method }) => method),
          ['POST', 'POST'],
        );
      });
    });

    describe('messages as Anthropic streams them', () => {
      const BODY = `{ model: 'm', max_tokens: 100, messages: [{ role: 'user', content: 'Hello' }] }`;

      it('are named events, of which some have text', async () => {
        const text = await run(
          `${ANTHROPIC}
           let text = '';
           for await (const token of ask($, 'secret', ${BODY})) text += token;
           return text`,
          '/events/anthropic/v1/messages?interval=1&key=anthropic',
        );
        assert.match(text, /^You said: “Hello”\. .* word by word\.$/);
      });

      it('may break off with an error event in the stream', async () => {
        const [text, message] = await run(
          `${ANTHROPIC}
           let text = '';
           try {
             for await (const token of ask($, 'secret', ${BODY})) text += token;
           } catch ({ message }) { return [text, message]; }`,
          '/events/anthropic/v1/messages?interval=1&overloaded=true&key=anthropic-overloaded',
        );
        assert.match(text, /^You said: “Hello”/);
        assert.equal(message, 'Overloaded');
      });
    });

    describe('calls of the Model Context Protocol', () => {
      for (const how of ['end', 'cut']) {
        it(`are resumed by GET after the last event where the stream is broken off (${how})`, async () => {
          const key = `mcp-${how}`;
          const seen = await run(
            `${MCP}
             const opened = await fetch('/events/mcp', {
               method: 'POST',
               headers: { Accept: 'application/json, text/event-stream', 'Content-Type': 'application/json' },
               body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25' } }),
             });
             const session = { 'Mcp-Session-Id': opened.headers.get('Mcp-Session-Id'), 'Mcp-Protocol-Version': '2025-11-25' };
             const message = { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'echo', arguments: { a: 1 } } };
             const seen = [];
             for await (const { params, result } of call($, session, message)) seen.push(params?.progress ?? result.content[0].text);
             return seen`,
            `/events/mcp?interval=50&cut-after=1&how=${how}&key=${key}`,
          );
          assert.deepEqual(seen, [1, 2, 3, 'echo was called with {"a":1}.']);
          const [post, get, ...more] = await requests(key);
          assert.deepEqual([post.method, get.method, more], ['POST', 'GET', []]);
          assert.equal(get.headers['last-event-id'], '1-1');
          assert.match(get.headers['mcp-session-id'], /^session-/);
        });
      }
    });

    describe('updates of a Mercure hub', () => {
      it('are of several topics, for those who are allowed, and go on after the last one', async () => {
        const seen = await run(
          `const url = new URL($, location);
           for (const topic of ['/books/1', '/books/2']) url.searchParams.append('topic', topic);
           const source = new EventSource(url, {
             headers: async () => ({ Authorization: 'Bearer secret' }),
             lastEventIdParam: 'lastEventID',
             retry: {},
           });

           const seen = [];
           for await (const message of source) {
             const { value } = parseJSON(message);
             seen.push([value['@id'], value.number, message.lastEventId]);
             if (seen.length === 3) source.reconnect();
             if (seen.length === 6) break;
           }
           return seen`,
          '/events/mercure?interval=30&private=true&key=mercure',
        );
        const [[, first]] = seen;
        assert.deepEqual(
          seen.map(([, number]) => number - first),
          [0, 1, 2, 3, 4, 5],
          'none is lost, none comes twice',
        );
        assert.deepEqual([...new Set(seen.map(([topic]) => topic))].sort(), ['/books/1', '/books/2']);
        const [before, after] = await requests('mercure');
        assert.equal(after.headers.authorization, 'Bearer secret');
        const last = new URL(after.uri, server.url).searchParams.get('lastEventID');
        assert.ok(
          seen.slice(2).some(([, , id]) => id === last),
          'the third one, or what came with it',
        );
        assert.deepEqual(
          [before.uri.includes('lastEventID'), after.headers['last-event-id']],
          [false, undefined],
          'a parameter needs no CORS preflight',
        );
      });
    });

    describe('recent changes of Wikimedia', () => {
      it('go on after their id of JSON when the server ends the connection, without canary events', async () => {
        const [seen, errors] = await run(
          `const source = new EventSource($, { retry: { delay: 100 } });
           let errors = 0;
           source.onerror = () => errors++;

           const seen = [];
           for await (const { data, lastEventId } of source) {
             const change = JSON.parse(data);
             if (change.meta.domain === 'canary') continue;
             seen.push([change.id, lastEventId]);
             if (seen.length === 25) break;
           }
           return [seen, errors]`,
          '/events/wikimedia/v2/stream/recentchange?interval=20&after=10&key=wikimedia',
        );
        const ids = seen.map(([id]) => id);
        const expected = Array.from({ length: 30 }, (_, index) => ids[0] + index).filter((id) => id % 10 !== 0);
        assert.deepEqual(ids, expected.slice(0, 25), 'none is lost, none comes twice');
        assert.ok(errors >= 2, `${errors}`);
        const [, second] = await requests('wikimedia');
        assert.ok(JSON.parse(second.headers['last-event-id'])[0].timestamp > 0);
      });
    });
  });
}
