// What the tests of the consumers share: running a project's tools, serving its pages, reading what they show.

import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build, createLogger, createServer, preview } from 'vite';
import { until } from '../browser/browsers.mjs';

export const FOLDER = fileURLToPath(new URL('.', import.meta.url));

/**
 * Runs a program in a project, as its owner would at the prompt.
 * @returns {Promise<string>} all that it prints
 */
export async function run(project, program, ...args) {
  const PATH = [join(FOLDER, 'node_modules', '.bin'), process.env.PATH].join(delimiter);
  const options = {
    cwd: join(FOLDER, project),
    env: { ...process.env, PATH, NO_COLOR: '1' },
    shell: process.platform === 'win32',
    // All of them end by themselves, far sooner.
    timeout: 30_000,
  };
  try {
    const { stdout, stderr } = await promisify(execFile)(program, args, options);
    return stdout + stderr;
  } catch (error) {
    const how = error.killed ? 'did not end by itself' : 'failed';
    const printed = `${error.stdout}${error.stderr}`.slice(-5_000);
    throw new Error(`${program} ${args.join(' ')} in ${project}/ ${how}:\n${printed}`);
  }
}

/** Sends what the projects call `/events` to the test server. */
const proxy = (server) => ({ '/events': { target: server.url, rewrite: () => '/events/clock?interval=20' } });

/** Everything in this folder at its own path: the projects, their builds and node_modules. */
export async function serveFolder(server) {
  return served(
    await preview({
      configFile: false,
      root: FOLDER,
      appType: 'mpa',
      build: { outDir: '.' },
      preview: { port: 0, proxy: proxy(server) },
      logLevel: 'silent',
    }),
  );
}

/** A project of Vite's that has been built. */
export async function serveBuilt(project, server) {
  return served(
    await preview({ root: join(FOLDER, project), preview: { port: 0, proxy: proxy(server) }, logLevel: 'silent' }),
  );
}

/** A project of Vite's by its development server. */
export async function serveDevelopment(project, server) {
  // As at a project's first start: it prepares the dependencies anew.
  const cacheDir = join(FOLDER, project, 'node_modules', '.vite');
  rmSync(cacheDir, { recursive: true, force: true });
  const printed = [];
  const print = (message) => printed.push(message);
  const vite = await createServer({
    root: join(FOLDER, project),
    cacheDir,
    server: { port: 0, proxy: proxy(server) },
    customLogger: { ...createLogger(), info: print, warn: print, warnOnce: print, error: print },
  });
  return { ...served(await vite.listen()), printed };
}

/**
 * A module as Vite builds it for a page, without a warning.
 * @returns {Promise<Map<string, string | Uint8Array>>} its files by their names, the module's own first
 */
export async function buildModule(entry, base) {
  const { output } = await build({
    configFile: false,
    root: dirname(entry),
    base,
    logLevel: 'silent',
    build: {
      write: false,
      target: 'esnext',
      modulePreload: { polyfill: false },
      rolldownOptions: {
        input: entry,
        onLog(_level, log) {
          throw new Error(log.message);
        },
      },
    },
  });
  const [main, ...others] = output.toSorted((a, b) => Number(b.isEntry ?? false) - Number(a.isEntry ?? false));
  return new Map([main, ...others].map((file) => [file.fileName, file.code ?? file.source]));
}

const served = (vite) => ({ url: vite.resolvedUrls.local[0], stop: () => vite.close() });

/** Waits until a page shows some events, each of which is the server's time. */
export async function receivedEvents(browser, selector = '#events') {
  const read = () => browser.run('return document.querySelector($).textContent', selector);
  await until('three events have arrived', read, (text) => text.match(/\d{4}-[\dT:.-]+Z/g)?.length >= 3);
}
