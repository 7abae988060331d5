// The tarball itself: its files, what npm's checkers say of it, and that unused imports cost nothing.

import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import { build as esbuild } from 'esbuild';
import { rollup } from 'rollup';
import { build as vite } from 'vite';
import webpack from 'webpack';
import { TARBALL } from '../../scripts/pack.mjs';
import { FOLDER, run } from './support.mjs';

describe('the tarball', () => {
  it('holds exactly what is meant to be published', async () => {
    const installed = join(FOLDER, 'node_modules', 'eventsource-wasm');
    const entries = await readdir(installed, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) =>
        join(parentPath, name)
          .slice(installed.length + 1)
          .replaceAll('\\', '/'),
      );
    assert.deepEqual(files.sort(), [
      'CHANGELOG.md',
      'LICENSE-APACHE',
      'LICENSE-MIT',
      'MIGRATION.md',
      'README.md',
      'dist/EventSource.d.ts',
      'dist/auto-edge-light.js',
      'dist/auto-edge-light.js.map',
      'dist/auto-workerd.js',
      'dist/auto-workerd.js.map',
      'dist/auto.d.ts',
      'dist/auto.js',
      'dist/auto.js.map',
      'dist/edge-light.js',
      'dist/edge-light.js.map',
      'dist/eventsource.iife.min.js',
      'dist/eventsource.iife.min.js.map',
      'dist/eventsource.wasm',
      'dist/index.d.ts',
      'dist/index.js',
      'dist/index.js.map',
      'dist/slim.d.ts',
      'dist/slim.js',
      'dist/slim.js.map',
      'dist/stream.d.ts',
      'dist/workerd.js',
      'dist/workerd.js.map',
      'package.json',
    ]);
  });

  it('satisfies publint', async () => {
    await assert.doesNotReject(run('.', 'publint', 'run', TARBALL, '--strict'));
  });

  it('has types that TypeScript finds however it resolves modules', async () => {
    // Of the .wasm file the bundler decides what an import gives.
    const options = ['--profile', 'esm-only', '--exclude-entrypoints', './eventsource.wasm'];
    await assert.doesNotReject(run('.', 'attw', TARBALL, ...options));
  });
});

/** Each bundler's answer to the code of a project's only module. */
const BUNDLERS = {
  async esbuild(entry) {
    const { outputFiles } = await esbuild({ entryPoints: [entry], bundle: true, format: 'esm', write: false });
    return outputFiles[0].text;
  },
  async Rollup(entry) {
    // An empty bundle is something that it warns of.
    const bundle = await rollup({ input: entry, plugins: [nodeResolve()], onLog: () => {} });
    return (await bundle.generate({})).output[0].code;
  },
  async Vite(entry) {
    const build = { lib: { entry, formats: ['es'] }, write: false };
    const [{ output }] = await vite({ configFile: false, root: dirname(entry), logLevel: 'silent', build });
    return output[0].code;
  },
  async webpack(entry) {
    const compiler = webpack({ mode: 'production', entry, output: { path: dirname(entry), filename: 'bundle.js' } });
    const stats = await promisify(compiler.run.bind(compiler))();
    if (stats.hasErrors()) throw new Error(stats.toString('errors-only'));
    return readFile(join(dirname(entry), 'bundle.js'), 'utf8');
  },
};

for (const [name, bundle] of Object.entries(BUNDLERS)) {
  describe(`bundled by ${name}`, () => {
    let folder;
    before(async () => {
      // Where a project would be that has the package installed.
      folder = await mkdtemp(join(FOLDER, 'node_modules', '.project-'));
    });
    after(() => rm(folder, { recursive: true }));

    const bundled = async (code) => {
      const entry = join(folder, 'main.js');
      await writeFile(entry, code);
      return (await bundle(entry)).trim();
    };

    it('an unused import is shaken out to nothing', async () => {
      const unused = `import { EventSource, init } from 'eventsource-wasm';
        import { EventSource as Slim, init as initSlim } from 'eventsource-wasm/slim';`;
      assert.equal(await bundled(unused), '');
    });

    it('the import of auto, which is for its effect, is kept', async () => {
      assert.match(await bundled(`import 'eventsource-wasm/auto';`), /globalThis/);
    });
  });
}
