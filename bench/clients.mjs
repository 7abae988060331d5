// The clients that are measured, and how a user's bundler puts them into a page.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { npmPackages, ROOT, SetupError } from '../scripts/tools.mjs';

export const BENCH = join(ROOT, 'bench');

/** Names of ours are found by the package's own `exports`, those of the others in bench/node_modules. */
const folderOf = (code) => (/'eventsource-wasm/.test(code) ? ROOT : BENCH);

/** Sets up what is needed, and makes sure that ours is built. */
export function prepare() {
  npmPackages();
  npmPackages(BENCH);
  if (!existsSync(join(ROOT, 'dist'))) {
    throw new SetupError('There is no dist/ to measure. Run "npm run build" and then this command again.');
  }
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
