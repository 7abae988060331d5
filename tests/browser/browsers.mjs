// Chromium and Firefox behind one small interface, so that a test is written once.

import { chromium } from 'playwright-core';
import { Builder } from 'selenium-webdriver';
import { Options, ServiceBuilder } from 'selenium-webdriver/firefox.js';

/**
 * @typedef {object} Browser
 * @property {string} name
 * @property {(url: string) => Promise<void>} open goes to a page and waits for its load event
 * @property {(code: string, argument?: unknown) => Promise<any>} run runs the body of an async
 *   function in the page; `argument` (JSON) is `$` in it
 * @property {() => Promise<void>} back goes back in the history
 * @property {() => Promise<void>} quit
 */

const ROOT_ONLY = process.getuid?.() === 0 ? ['--no-sandbox'] : [];

/**
 * @param {{ beforePages?: string }} [options] code that runs in each page before the page's own
 * @returns {Promise<Browser>}
 */
async function startChromium({ beforePages = '' } = {}) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: ['--disable-gpu', '--disable-quic', '--js-flags=--expose-gc', ...ROOT_ONLY],
    // Playwright switches the back/forward cache off.
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  });
  const page = await browser.newPage();
  await page.addInitScript(beforePages);
  return {
    name: 'Chromium',
    open: async (url) => void (await page.goto(url)),
    run: (code, argument = null) => page.evaluate(`(async ($) => { ${code} })(${JSON.stringify(argument)})`),
    // A page from the back/forward cache fires no load event.
    back: async () => void (await page.goBack({ waitUntil: 'commit' })),
    quit: () => browser.close(),
  };
}

/** @returns {Promise<Browser>} */
async function startFirefox() {
  const options = new Options().addArguments('-headless').setBinary(process.env.FIREFOX);
  const driver = await new Builder()
    .forBrowser('firefox')
    .setFirefoxOptions(options)
    .setFirefoxService(new ServiceBuilder(process.env.GECKODRIVER))
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
