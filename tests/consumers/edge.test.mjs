// The runtimes at the edge, which compile no WebAssembly while they run: it has to come to them as a module.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { EdgeVM } from '@edge-runtime/vm';
import { build } from 'esbuild';
import workerd from 'workerd';
import { startServer } from '../../scripts/server.mjs';
import { FOLDER, run } from './support.mjs';

describe('at the edge', () => {
  let server;
  before(async () => {
    server = await startServer();
  });
  after(async () => {
    await server?.stop();
  });

  const streamFor = (url) => `${url}?stream=${encodeURIComponent(`${server.url}/events/clock?interval=20`)}`;
  const time = /^\d{4}-[\dT:.-]+Z$/;

  it("receives events in workerd, the runtime of Cloudflare's Workers", async () => {
    // WebAssembly stays a file of its own, as Wrangler keeps it.
    const wasm = ['--loader:.wasm=copy', '--asset-names=[name]'];
    await run(
      'workerd',
      ...['esbuild', 'worker.js', '--bundle', '--format=esm', '--conditions=workerd', '--outdir=dist', ...wasm],
    );
    const runtime = spawn(workerd.default, ['serve', 'config.capnp', '--control-fd=3'], {
      cwd: join(FOLDER, 'workerd'),
      stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
    });
    const exited = once(runtime, 'exit');
    try {
      const listening = once(createInterface({ input: runtime.stdio[3] }), 'line');
      const ended = exited.then(([code]) => assert.fail(`workerd has ended with exit code ${code}`));
      const [line] = await Promise.race([listening, ended]);
      const answer = await fetch(streamFor(`http://127.0.0.1:${JSON.parse(line).port}/`));
      assert.match(await answer.text(), time);
    } finally {
      runtime.kill();
      await exited;
    }
  });

  it('receives events in the Edge Runtime of Vercel and Next.js', async () => {
    const files = {};
    const { outputFiles } = await build({
      entryPoints: [join(FOLDER, 'edge-light', 'route.js')],
      bundle: true,
      format: 'iife',
      globalName: 'route',
      conditions: ['edge-light'],
      write: false,
      // As Next.js does it: an import that ends in ?module gives a module, compiled beforehand.
      plugins: [
        {
          name: 'wasm modules',
          setup({ onLoad }) {
            onLoad({ filter: /\.wasm$/ }, async ({ path, suffix }) => {
              if (suffix !== '?module') return null;
              files.module = await WebAssembly.compile(await readFile(path));
              return { contents: 'export default files.module' };
            });
          },
        },
      ],
    });
    const runtime = new EdgeVM({
      initialCode: outputFiles[0].text,
      extend: (globals) => Object.assign(globals, { files }),
    });
    const { GET } = runtime.evaluate('route');
    const answer = await GET(new runtime.context.Request(streamFor('https://example.com/')));
    assert.match(await answer.text(), time);
  });
});
