// Runtimes at the edge, which run WebAssembly of modules only: that of Cloudflare's Workers.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import workerd from 'workerd';
import { startServer } from '../../scripts/server.mjs';
import { FOLDER, run } from './support.mjs';

/** Bundles as Wrangler does: WebAssembly stays a module of its own. */
const bundle = (condition, folder) =>
  run(
    'workerd',
    'esbuild',
    'worker.js',
    ...['--bundle', '--format=esm', `--conditions=${condition}`, `--outdir=${folder}`],
    ...['--loader:.wasm=copy', '--asset-names=[name]'],
  );

describe('in workerd', () => {
  let server;
  let runtime;
  let url;
  before(async () => {
    server = await startServer();
    await bundle('workerd', 'dist');
    runtime = spawn(workerd.default, ['serve', 'config.capnp', '--control-fd=3'], {
      cwd: join(FOLDER, 'workerd'),
      stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
    });
    const [line] = await once(createInterface({ input: runtime.stdio[3] }), 'line');
    url = `http://127.0.0.1:${JSON.parse(line).port}/`;
  });
  after(async () => {
    if (runtime?.kill()) await once(runtime, 'exit');
    await server?.stop();
  });

  it('receives events', async () => {
    const stream = `${server.url}/events/clock?interval=20`;
    const answer = await fetch(`${url}?stream=${encodeURIComponent(stream)}`);
    assert.match(await answer.text(), /^\d{4}-[\dT:.-]+Z$/);
  });
});

it("gets its WebAssembly as a module under Vercel's condition, too", async () => {
  await bundle('edge-light', 'dist/edge-light');
  const files = await readdir(join(FOLDER, 'workerd', 'dist', 'edge-light'));
  assert.deepEqual(files.sort(), ['eventsource.wasm', 'worker.js']);
});
