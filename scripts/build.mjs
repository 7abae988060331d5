// `npm run build`: the package, from Rust and TypeScript into dist/.
//
//   src/{parser,connection,web}  ─ wasm-pack ─▶  pkg/   ┐
//   src/npm                                             ┴─ esbuild ─▶  dist/

import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { main, npmPackages, ROOT, run, wasmEnvironment } from './tools.mjs';

/** Sets up what is needed, and builds. */
export async function build() {
  npmPackages();
  buildWasm();
  await bundle();
  emitTypes();
}

function buildWasm() {
  const { wasmPack, env } = wasmEnvironment();
  run(wasmPack, ['build', '--release', '--target', 'web', '--out-dir', 'pkg', '--no-pack', '--mode', 'no-install'], {
    env,
  });
  // It would tell TypeScript that the file is a module of exports; to us it is text (src/npm/wasm.d.ts).
  rmSync(join(ROOT, 'pkg', 'eventsource_wasm_bg.wasm.d.ts'));
}

async function bundle() {
  // Imported here, because npm has only now installed it.
  const esbuild = await import('esbuild');
  rmSync(join(ROOT, 'dist'), { recursive: true, force: true });
  const options = {
    absWorkingDir: ROOT,
    entryPoints: ['src/npm/index.ts'],
    bundle: true,
    target: 'es2022',
    sourcemap: true,
    loader: { '.wasm': 'base64' },
    logLevel: 'warning',
  };
  await esbuild.build({ ...options, format: 'esm', outfile: 'dist/index.js' });
  // For a classic script; everything is under the global name `eventsourceWasm`.
  await esbuild.build({
    ...options,
    format: 'iife',
    globalName: 'eventsourceWasm',
    minify: true,
    outfile: 'dist/eventsource.iife.min.js',
  });
}

function emitTypes() {
  const types = join(ROOT, 'target', 'types');
  run(process.execPath, [
    join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'),
    '--noEmit',
    'false',
    '--declaration',
    '--emitDeclarationOnly',
    '--outDir',
    types,
  ]);
  mkdirSync(join(ROOT, 'dist'), { recursive: true });
  // The public ones; the others describe our own parts.
  for (const file of ['index.d.ts', 'EventSource.d.ts']) copyFileSync(join(types, file), join(ROOT, 'dist', file));
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await main(build);
