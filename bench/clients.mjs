// The clients that are measured, and how a user's bundler puts them into a page.

import { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from '../scripts/build.mjs';
import { npmPackages, ROOT } from '../scripts/tools.mjs';

export const BENCH = join(ROOT, 'bench');

/** Names of ours are found by the package's own `exports`, those of the others in bench/node_modules. */
const folderOf = (code) => (/'eventsource-wasm/.test(code) ? ROOT : BENCH);

/** Sets up what is needed, and builds ours where it never was. */
export async function prepare() {
  npmPackages();
  npmPackages(BENCH);
  if (!existsSync(join(ROOT, 'dist'))) await build();
}

/**
 * Bundles and minifies a module as a user would.
 * @param {string} code the module
 * @param {import('esbuild').BuildOptions} options
 * @returns {Promise<Uint8Array>} the bundle
 */
export async function bundle(code, options = {}) {
  // Imported here, because npm may only now have installed it.
  const esbuild = await import('esbuild');
  const { outputFiles } = await esbuild.build({
    stdin: { contents: code, resolveDir: folderOf(code) },
    absWorkingDir: ROOT,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    define: { 'process.env.NODE_ENV': '"production"' },
    legalComments: 'none',
    logLevel: 'error',
    write: false,
    ...options,
  });
  return outputFiles[0].contents;
}

/** How a page gets the `EventSource` of each client. */
const EVENT_SOURCES = {
  /** The browser's own. */
  native: 'const { EventSource } = globalThis;',
  eventsource: `import { EventSource } from 'eventsource';`,
  'eventsource-wasm': `import { EventSource } from 'eventsource-wasm';`,
  'eventsource-wasm/slim': `import { EventSource, init } from 'eventsource-wasm/slim'; init(fetch('eventsource.wasm'));`,
};

/** The code of a page for each client, all with the same script after it. */
export const withScript = (clients, script) =>
  Object.fromEntries(clients.map((client) => [client, EVENT_SOURCES[client] + script]));

/**
 * Writes pages, whose code has names, into a folder of its own.
 * @returns {Promise<string>} the root for the test server, which has them as `/pages/0.html`, `/pages/1.html` …
 */
export async function writePages(folder, codes, options) {
  const root = join(ROOT, 'target', 'bench', folder);
  const pages = join(root, 'tests', 'pages');
  rmSync(root, { recursive: true, force: true });
  mkdirSync(pages, { recursive: true });
  for (const [index, [name, code]] of Object.entries(codes).entries()) {
    writeFileSync(join(pages, `${index}.js`), await bundle(code, { target: 'es2022', ...options }));
    writeFileSync(
      join(pages, `${index}.html`),
      `<!doctype html><meta charset="utf-8"><title>${name}</title><script type="module" src="${index}.js"></script>`,
    );
  }
  copyFileSync(join(ROOT, 'dist', 'eventsource.wasm'), join(pages, 'eventsource.wasm'));
  return root;
}
