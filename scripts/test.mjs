// `npm test`: sets up what is needed, builds, and runs every check and test.
//
// `npm test -- rust web browser` runs only the named parts.

import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.mjs';
import { generateDocs } from './docs.mjs';
import { packIntoConsumers } from './pack.mjs';
import { buildServer, freePort, startServer } from './server.mjs';
import {
  browsers,
  CHROMIUM_ARGUMENTS,
  main,
  npmPackages,
  ROOT,
  run,
  SetupError,
  wasmClippy,
  wasmEnvironment,
} from './tools.mjs';

const npx = (tool, ...args) => run(process.execPath, [join(ROOT, 'node_modules', ...tool.split('/')), ...args]);

/** The parts in their order. Each gets the browsers and starts what it needs itself. */
const PARTS = {
  /** Formatting, lints and types. */
  lint() {
    run('cargo', ['fmt', '--all', '--check']);
    const clippy = ['clippy', '--quiet', '--all-targets'];
    run('cargo', [...clippy, '--workspace', '--', '-D', 'warnings']);
    run('cargo', [...clippy, '--target', 'wasm32-unknown-unknown', '--all-features', '--', '-D', 'warnings'], {
      env: wasmClippy(),
    });
    const fuzz = ['--manifest-path', join('fuzz', 'Cargo.toml')];
    run('cargo', ['fmt', ...fuzz, '--check']);
    // Without its default feature libFuzzer, in C++, is not built.
    const targetDir = ['--target-dir', join('target', 'fuzz', 'lint')];
    run('cargo', ['clippy', '--quiet', ...fuzz, '--no-default-features', ...targetDir, '--', '-D', 'warnings']);
    npx('typescript/bin/tsc');
    npx('@biomejs/biome/bin/biome', 'ci', '--error-on-warnings', '.');
  },
  /** What the package adds to a page, against its budget. */
  size() {
    run(process.execPath, [join('bench', 'size.mjs')]);
  },
  /** Parser, connection and test server, natively. */
  rust() {
    run('cargo', ['test', '--workspace']);
  },
  /** The class in a window and a dedicated worker of each browser, and the crate in a window, through wasm-pack. */
  async web(found) {
    const { wasmPack, env } = wasmEnvironment();
    const server = await startServer({ port: await freePort(8712) });
    try {
      for (const [browser, driver, capabilities] of webDrivers(found)) {
        const file = join(ROOT, 'target', `webdriver-${browser}.json`);
        writeFileSync(file, JSON.stringify(capabilities));
        run(
          wasmPack,
          [
            'test',
            '--headless',
            `--${browser}`,
            '--mode',
            'no-install',
            driver.option,
            driver.path,
            '--',
            '--test',
            'page',
            '--test',
            'worker',
            '--test',
            'rust_api',
          ],
          {
            env: {
              ...env,
              TEST_SERVER: server.url,
              WASM_BINDGEN_TEST_TIMEOUT: '240',
              // In an isolated page requests in mode no-cors are blocked, and with them a part of what is tested.
              WASM_BINDGEN_TEST_NO_ORIGIN_ISOLATION: '1',
              WASM_BINDGEN_TEST_WEBDRIVER_JSON: file,
            },
          },
        );
      }
    } finally {
      await server.stop();
    }
  },
  /** The built package and the demo page, driven as a person would. */
  browser(found) {
    nodeTests(join('tests', 'browser'), found);
  },
  /** The package as npm would publish it, in projects of every kind that use it. */
  consumers(found) {
    packIntoConsumers();
    nodeTests(join('tests', 'consumers'), found);
  },
  /** The documentation: its code runs, and everything public is in it. */
  docs(found) {
    generateDocs();
    packIntoConsumers();
    nodeTests(join('tests', 'docs'), found);
  },
};

/** Runs the tests of a folder with Node's test runner. */
function nodeTests(folder, { chromium, firefox, geckodriver }) {
  const env = { ...process.env, CHROMIUM: chromium, FIREFOX: firefox, GECKODRIVER: geckodriver };
  const files = readdirSync(join(ROOT, folder)).filter((name) => name.endsWith('.test.mjs'));
  run(process.execPath, ['--test', '--test-concurrency=1', ...files.map((name) => join(folder, name))], { env });
}

function webDrivers({ chromium, chromedriver, firefox, geckodriver }) {
  return [
    [
      'chrome',
      { option: '--chromedriver', path: chromedriver },
      { 'goog:chromeOptions': { binary: chromium, args: CHROMIUM_ARGUMENTS } },
    ],
    [
      'firefox',
      { option: '--geckodriver', path: geckodriver },
      { 'moz:firefoxOptions': { binary: firefox, args: ['-headless'] } },
    ],
  ];
}

await main(async () => {
  const named = process.argv.slice(2);
  const unknown = named.filter((name) => !Object.hasOwn(PARTS, name));
  if (unknown.length > 0) {
    throw new SetupError(`There is no part "${unknown[0]}" of the tests; there are: ${Object.keys(PARTS).join(', ')}.`);
  }
  npmPackages();
  const found = browsers();
  await build();
  buildServer();
  mkdirSync(join(ROOT, 'target'), { recursive: true });
  for (const name of Object.keys(PARTS)) {
    if (named.length > 0 && !named.includes(name)) continue;
    console.log(`\n# ${name}\n`);
    await PARTS[name](found);
  }
  console.log('\nAll tests passed.');
});
