// The demo page, as `npm start` serves it, used as a person would.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freePort, startServer } from '../../scripts/server.mjs';
import { BROWSERS, until } from './browsers.mjs';

for (const [name, start] of Object.entries(BROWSERS)) {
  describe(`the demo page in ${name}`, () => {
    let port;
    let server;
    let browser;
    before(async () => {
      port = await freePort(0);
      server = await startServer({ port });
      browser = await start();
    });
    after(async () => {
      await browser?.quit();
      await server?.stop();
    });

    /** A panel's state, its label, and all that the panel shows, by the names of its fields. */
    const panel = (name) =>
      browser.run(
        `const panel = document.querySelector('[data-panel=' + $ + ']');
         const fields = Object.fromEntries([...panel.querySelectorAll('[data-field]')].map((field) => [field.dataset.field, field.textContent]));
         return { ...fields, state: panel.dataset.state, label: fields.state }`,
        name,
      );
    const click = (name, action) =>
      browser.run(`document.querySelector('[data-panel=' + $[0] + '] [data-action=' + $[1] + ']').click()`, [
        name,
        action,
      ]);
    const fill = (name, values) =>
      browser.run(
        `for (const [name, value] of Object.entries($[1])) document.querySelector('[data-panel=' + $[0] + '] [name=' + name + ']').value = value`,
        [name, values],
      );
    /** The seconds that a panel's countdown shows; undefined where it shows none. */
    const secondsLeft = async (name) => {
      const match = /^attempt 1 in (\d+) s$/.exec((await panel(name)).note);
      return match ? Number(match[1]) : undefined;
    };
    const open = async () => {
      await browser.open(`${server.url}/`);
      await until(
        'notifications arrive',
        () => panel('notifications'),
        ({ state, received }) => state === 'open' && Number(received) > 0,
      );
    };

    it('shows live events of an open source', async () => {
      await open();
      const { received } = await panel('notifications');
      await until(
        'more arrive',
        () => panel('notifications'),
        (now) => Number(now.received) > Number(received),
      );
      const users = await until(
        'users are there',
        () => panel('users'),
        ({ state }) => state === 'open',
      );
      assert.ok(Number(users.received) > 0);
    });

    it('goes on without losing or repeating an event when the server is stopped and started again', async () => {
      await open();
      // What the page itself makes of the events is not all: their numbers are noted beside it.
      await browser.run(
        `const { EventSource } = await import('/dist/index.js');
         const watched = new EventSource('/events/notifications?interval=100');
         const { dataset } = document.body;
         watched.onmessage = ({ lastEventId }) => { dataset.numbers = (dataset.numbers ?? '') + ' ' + lastEventId; };
         watched.onerror = () => { dataset.lost = true; };
         document.body.addEventListener('close', () => watched.close());`,
      );
      const numbers = async () =>
        (await browser.run('return document.body.dataset.numbers ?? ""')).trim().split(' ').map(Number);
      await until('events are noted', numbers, ({ length }) => length > 3);
      const before = await panel('notifications');
      await server.stop();
      await until(
        'the loss is shown',
        () => panel('notifications'),
        ({ state }) => state === 'connecting',
      );
      await until('the source has lost its connection', () => browser.run('return document.body.dataset.lost'));
      const seenBefore = (await numbers()).length;
      server = await startServer({ port });
      const after = await until(
        'the page goes on',
        () => panel('notifications'),
        ({ state, received }) => state === 'open' && Number(received) > Number(before.received) + 1,
      );
      assert.deepEqual([after.missed, after.repeated], ['0', '0']);
      assert.equal(Number(after.connections), Number(before.connections) + 1);
      const all = await until('events are noted again', numbers, ({ length }) => length > seenBefore + 10);
      await browser.run(`document.body.dispatchEvent(new Event('close'))`);
      assert.deepEqual(
        all,
        Array.from(all, (_, index) => all[0] + index),
      );
    });

    for (const action of ['end', 'cut', 'refuse']) {
      it(`recovers from "${action}" in every panel that is open`, async () => {
        await open();
        for (const name of ['notifications', 'users']) {
          await until(
            `${name} is open`,
            () => panel(name),
            ({ state, received }) => state === 'open' && Number(received) > 0,
          );
          const before = await panel(name);
          await click(name, action);
          const after = await until(
            `${name} is open again`,
            () => panel(name),
            ({ state, connections, received }) =>
              state === 'open' &&
              Number(connections) > Number(before.connections) &&
              Number(received) > Number(before.received),
          );
          assert.equal(after.missed ?? '0', '0');
          assert.equal(after.repeated ?? '0', '0');
        }
      });
    }

    it('writes a text to its end though the connection is cut in the midst of it', async () => {
      await open();
      await click('tokens', 'write');
      await until(
        'some words are there',
        () => panel('tokens'),
        ({ received }) => Number(received) > 10,
      );
      await click('tokens', 'cut');
      const broken = await until(
        'the text is written',
        () => panel('tokens'),
        ({ state, connections }) => state === 'closed' && Number(connections) > 1,
      );
      await click('tokens', 'write');
      const whole = await until(
        'it is written again',
        () => panel('tokens'),
        ({ state, connections, received }) => state === 'closed' && connections === '1' && received === broken.received,
      );
      assert.ok(whole.text.length > 200);
      assert.equal(broken.text, whole.text);
    });

    it('counts down to the next attempt, and makes it at once when asked to', async () => {
      await open();
      await click('failures', 'overloaded');
      const first = await until(
        'it counts the seconds of Retry-After',
        () => secondsLeft('failures'),
        (seconds) => seconds > 5,
      );
      const second = await until(
        'it counts down',
        () => secondsLeft('failures'),
        (seconds) => seconds < first,
      );
      assert.ok(second > 3, 'there is something left to wait for');
      const askedAt = Date.now();
      await click('failures', 'now');
      await until(
        'the next answer is there',
        () => panel('failures'),
        ({ failures }) => failures.includes('Status 502'),
      );
      assert.ok(Date.now() - askedAt < (second - 1) * 1_000);
    });

    it('explains failures that another attempt follows, until the stream is well', async () => {
      await open();
      await click('failures', 'overloaded');
      const refused = await until(
        'the failure is explained',
        () => panel('failures'),
        ({ failures }) => failures.includes('Status 503'),
      );
      assert.equal(refused.state, 'connecting');
      const card = [
        'tries again',
        '"error": "overloaded"',
        'causestatus',
        'willRetrytrue',
        'delay10000 ms',
        'attempt1',
      ];
      for (const told of [...card, 'Retry-After10', 'Content-Typeapplication/json']) {
        assert.ok(refused.failures.includes(told), `${told} is in ${refused.failures}`);
      }
      await click('failures', 'now');
      await until(
        'the next answer is explained',
        () => panel('failures'),
        ({ failures }) => failures.includes('Status 502'),
      );
      await click('failures', 'now');
      await until(
        'the stream is well',
        () => panel('failures'),
        ({ failures, state }) => failures.startsWith('I am well again.') && state === 'closed',
      );
    });

    it('explains failures that are final', async () => {
      await open();
      for (const [action, title, type] of [
        ['missing', 'Status 404', 'application/json'],
        ['web-page', 'Not an event stream', 'text/html'],
      ]) {
        await click('failures', action);
        const { failures, note } = await until(
          `${title} is explained`,
          () => panel('failures'),
          ({ failures, state }) => failures.startsWith(title) && state === 'closed',
        );
        assert.ok(failures.startsWith(`${title}final`));
        for (const told of ['willRetryfalse', 'attempt1', `Content-Type${type}`])
          assert.ok(failures.includes(told), told);
        assert.equal(note, '');
      }
    });

    it("sends a header of the user's choosing, renewed for every attempt", async () => {
      await open();
      await fill('headers', { name: 'X-Demo', value: 'mine' });
      await click('headers', 'connect');
      await until(
        'the server has seen it',
        () => panel('headers'),
        ({ seen }) => seen.startsWith('x-demomine-1'),
      );
      await click('headers', 'cut');
      await until(
        'the server has seen the next one',
        () => panel('headers'),
        ({ seen }) => seen.startsWith('x-demomine-2'),
      );
    });

    it("says why a header can't be sent", async () => {
      await open();
      await fill('headers', { name: 'Cookie' });
      await click('headers', 'connect');
      const { seen } = await until(
        'it is explained',
        () => panel('headers'),
        ({ seen }) => seen.includes('causecallback'),
      );
      assert.match(seen, /which browsers do not let a page send/);
    });

    it('writes the answer of a chat token by token', async () => {
      await open();
      await fill('chat', { prompt: 'Are you there?' });
      await click('chat', 'send');
      const begun = await until(
        'the answer begins',
        () => panel('chat'),
        ({ label, conversation }) => label === 'streaming' && conversation.includes('You said'),
      );
      assert.ok(!begun.conversation.includes('word by word'));
      const { conversation } = await until(
        'the answer is complete',
        () => panel('chat'),
        ({ label }) => label === 'complete',
      );
      assert.match(conversation, /^Are you there\?You said: “Are you there\?”\. .* send word by word\.$/);
    });

    it('stops the answer of a chat in the midst of it', async () => {
      await open();
      await click('chat', 'send');
      await until(
        'the answer begins',
        () => panel('chat'),
        ({ conversation }) => conversation.includes('You said'),
      );
      await click('chat', 'stop');
      const { conversation } = await until(
        'it is over',
        () => panel('chat'),
        ({ state }) => state === 'closed',
      );
      assert.ok(!conversation.includes('word by word'));
      assert.equal((await panel('chat')).label, 'stopped');
    });

    it('shows the JSON with which a chat is refused', async () => {
      await open();
      for (const [action, ...told] of [
        ['no-key', 'Status 401final', '"code": "invalid_api_key"'],
        ['too-often', 'Status 429final', '"code": "rate_limit_exceeded"', 'Retry-After5'],
      ]) {
        await click('chat', action);
        await until(
          `${action} is refused`,
          () => panel('chat'),
          ({ label, conversation }) => label === 'refused' && told.every((text) => conversation.includes(text)),
        );
      }
    });

    it('can be closed and opened again', async () => {
      await open();
      await click('notifications', 'toggle');
      await until(
        'it is closed',
        () => panel('notifications'),
        ({ state }) => state === 'closed',
      );
      await click('notifications', 'toggle');
      await until(
        'it is open',
        () => panel('notifications'),
        ({ state, received }) => state === 'open' && Number(received) > 0,
      );
    });

    it('is served with a strict Content-Security-Policy', async () => {
      const { headers } = await fetch(`${server.url}/`);
      assert.match(headers.get('content-security-policy'), /default-src 'none'; script-src 'self' 'wasm-unsafe-eval';/);
    });
  });
}

describe('npm start', () => {
  it('builds, prints the URL of the demo page and serves it until it is stopped', async () => {
    const port = await freePort(0);
    const start = spawn(process.execPath, [fileURLToPath(new URL('../../scripts/start.mjs', import.meta.url))], {
      env: { ...process.env, PORT: String(port) },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exit = once(start, 'exit');
    try {
      const url = await new Promise((resolve, reject) => {
        createInterface({ input: start.stdout }).on('line', (line) => {
          const match = /The demo page is at (http:\S+)/.exec(line);
          if (match) resolve(match[1]);
        });
        exit.then(([code]) => reject(new Error(`it ended with exit code ${code}`)));
      });
      assert.equal(url, `http://127.0.0.1:${port}/`);
      for (const path of ['', 'main.js', 'dist/index.js']) assert.equal((await fetch(url + path)).status, 200, path);
      assert.match(await (await fetch(url)).text(), /<title>eventsource-wasm<\/title>/);
    } finally {
      start.kill('SIGTERM');
    }
    const [code] = await exit;
    assert.equal(code, 0);
    await assert.rejects(fetch(`http://127.0.0.1:${port}/`), 'nothing is left running');
  });
});
