// Chromium and Firefox behind one small interface, so that a test is written once.

import { chromium } from 'playwright-core';
import { Builder } from 'selenium-webdriver';
import { Context, Options, ServiceBuilder } from 'selenium-webdriver/firefox.js';
import { freePort } from '../../scripts/server.mjs';

/**
 * @typedef {object} Browser
 * @property {string} name
 * @property {(url: string) => Promise<void>} open goes to a page and waits for its load event
 * @property {(code: string, argument?: unknown) => Promise<any>} run runs the body of an async
 *   function in the page; `argument` (JSON) is `$` in it
 * @property {() => Promise<void>} back goes back in the history
 * @property {() => Promise<void>} hide minimizes the window, so that the page is hidden
 * @property {() => Promise<void>} show shows it again
 * @property {(isOffline: boolean) => Promise<void>} setOffline takes the network away, or gives it back
 * @property {() => Promise<void>} quit
 */

/** A host name for this machine that does not look like it. */
export const OTHER_HOST = 'events.test';

const ROOT_ONLY = process.getuid?.() === 0 ? ['--no-sandbox'] : [];

/**
 * @param {{ beforePages?: string }} [options] code that runs in each page before the page's own
 * @returns {Promise<Browser>}
 */
async function startChromium({ beforePages = '' } = {}) {
  const port = await freePort(0);
  const owner = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: [
      '--disable-gpu',
      '--disable-quic',
      // The test server's certificate is made at each start.
      '--ignore-certificate-errors',
      '--js-flags=--expose-gc',
      `--host-resolver-rules=MAP ${OTHER_HOST} 127.0.0.1`,
      `--remote-debugging-port=${port}`,
      ...ROOT_ONLY,
    ],
    // Playwright switches the back/forward cache off.
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  });
  // Playwright's defaults would keep a page from ever being hidden.
  const browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`, { noDefaults: true });
  const [context] = browser.contexts();
  const page = context.pages()[0] ?? (await context.newPage());
  await page.addInitScript(beforePages);
  const session = await context.newCDPSession(page);
  const setWindow = async (windowState) => {
    const { windowId } = await session.send('Browser.getWindowForTarget');
    await session.send('Browser.setWindowBounds', { windowId, bounds: { windowState } });
  };
  return {
    name: 'Chromium',
    open: async (url) => void (await page.goto(url)),
    run: (code, argument = null) => page.evaluate(`(async ($) => { ${code} })(${JSON.stringify(argument)})`),
    // A page from the back/forward cache fires no load event.
    back: async () => void (await page.goBack({ waitUntil: 'commit' })),
    hide: () => setWindow('minimized'),
    show: () => setWindow('normal'),
    setOffline: (isOffline) => context.setOffline(isOffline),
    quit: async () => {
      await browser.close();
      await owner.close();
    },
  };
}

/** @returns {Promise<Browser>} */
async function startFirefox() {
  const options = new Options()
    .addArguments('-headless')
    .setBinary(process.env.FIREFOX)
    .setPreference('network.dns.localDomains', OTHER_HOST);
  const driver = await new Builder()
    .forBrowser('firefox')
    .setFirefoxOptions(options)
    // The browser's own settings are out of reach otherwise.
    .setFirefoxService(new ServiceBuilder(process.env.GECKODRIVER).addArguments('--allow-system-access'))
    .build();
  await driver.manage().setTimeouts({ script: 60_000 });
  return {
    name: 'Firefox',
    open: (url) => driver.get(url),
    run: async (code, argument = null) => {
      const [value, error] = await driver.executeAsyncScript(
        `const [$, done] = arguments; (async () => { ${code} })().then((value) => done([value]), (error) => done([null, String(error)]));`,
        argument,
      );
      if (error) throw new Error(error);
      return value;
    },
    back: () => driver.navigate().back(),
    hide: async () => void (await driver.manage().window().minimize()),
    show: async () => void (await driver.manage().window().setRect({ width: 1_000, height: 800 })),
    setOffline: async (isOffline) => {
      await driver.setContext(Context.CHROME);
      await driver.executeScript('Services.io.offline = arguments[0]', isOffline);
      await driver.setContext(Context.CONTENT);
    },
    quit: () => driver.quit(),
  };
}

/** How to start each browser, by its name. */
export const BROWSERS = { Chromium: startChromium, Firefox: startFirefox };

/** Tries again until a condition holds; throws with the last value when it takes too long. */
export async function until(what, read, holds = Boolean) {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const value = await read();
    if (holds(value)) return value;
    if (Date.now() > deadline) throw new Error(`waited too long until ${what}; it is ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
