// Chromium by its DevTools protocol over a pipe, with nothing enabled: what Playwright and Puppeteer
// enable reports every message of an EventSource, which slows the browser's own.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHROMIUM_ARGUMENTS } from '../scripts/tools.mjs';

/**
 * What Chromium would do beside, each time a page is opened: pages of its own under the address bar, which work for
 * seconds, and a process in store for the next page.
 */
const NOTHING_BESIDE = '--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,SpareRendererForSitePerProcess';

/**
 * Starts a browser with a profile of its own.
 * @param {string} program
 * @param {string[]} args further ones
 */
export async function startChromium(program, args = []) {
  const profile = mkdtempSync(join(tmpdir(), 'eventsource-wasm-bench-'));
  const browser = spawn(
    program,
    [
      ...CHROMIUM_ARGUMENTS,
      NOTHING_BESIDE,
      '--remote-debugging-pipe',
      ...args,
      `--user-data-dir=${profile}`,
      'about:blank',
    ],
    {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    },
  );
  const ended = once(browser, 'exit');
  const kill = () => browser.kill('SIGKILL');
  process.once('exit', kill);
  const [, , , input, output] = browser.stdio;

  const waiting = new Map();
  let rest = '';
  output.setEncoding('utf8').on('data', (text) => {
    const messages = (rest + text).split('\0');
    rest = messages.pop();
    for (const message of messages) {
      const { id, result, error } = JSON.parse(message);
      const answer = waiting.get(id);
      waiting.delete(id);
      if (error) answer?.reject(new Error(`DevTools: ${error.message}`));
      else answer?.resolve(result);
    }
  });
  ended.then(() => {
    for (const { reject } of waiting.values()) reject(new Error('Chromium has ended.'));
  });

  let lastId = 0;
  /** Calls a method of the protocol; without a session, of the browser itself. */
  const send = (method, params = {}, sessionId = undefined) =>
    new Promise((resolve, reject) => {
      const id = ++lastId;
      waiting.set(id, { resolve, reject });
      input.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });

  return {
    version: (await send('Browser.getVersion')).product,
    send,
    /** Opens a page in a profile of its own, and so in a process of its own, without any cache. */
    async open(url) {
      const { browserContextId } = await send('Target.createBrowserContext');
      const { targetId } = await send('Target.createTarget', { url, browserContextId });
      return {
        targetId,
        close: () => send('Target.disposeBrowserContext', { browserContextId }),
        /** Has it give back the memory that it does not need. A debugger is attached to it from then on. */
        async collectGarbage() {
          const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true });
          await send('HeapProfiler.collectGarbage', {}, sessionId);
          await send('Memory.simulatePressureNotification', { level: 'critical' }, sessionId);
          await send('HeapProfiler.collectGarbage', {}, sessionId);
        },
      };
    },
    async stop() {
      process.removeListener('exit', kill);
      await Promise.race([send('Browser.close'), ended]);
      await ended;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
