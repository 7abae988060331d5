// Node.js receives events by either kind of module, and renders a page without anything happening.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startServer } from '../../scripts/server.mjs';
import { run } from './support.mjs';

describe('in Node.js', () => {
  let server;
  before(async () => {
    server = await startServer();
  });
  after(async () => {
    await server?.stop();
  });

  const script = (...steps) =>
    `${server.url}/events/script?key=node&connections=${encodeURIComponent(JSON.stringify([steps]))}`;

  const programs = {
    'by import': 'import.mjs',
    'by require': 'require.cjs',
    'by slim and a file that it reads': 'slim.mjs',
    'by the class that auto has installed': 'auto.mjs',
  };
  for (const [how, program] of Object.entries(programs)) {
    it(`receives events ${how}, prints no warning, and ends once the source is closed`, async () => {
      const stream = script({ text: 'data: first\n\n' }, { pause: 50 }, { text: 'data: last\n\n' }, { hang: true });
      assert.equal(await run('node', 'node', program, stream), 'first\nlast\n');
    });
  }

  it('ends once the source is closed after so many events that other tasks had to get their turn', async () => {
    const stream = script({ text: 'data: one\n\n', repeat: 30_000 }, { text: 'data: last\n\n' }, { hang: true });
    assert.equal(await run('node', 'node', 'import.mjs', stream), `${'one\n'.repeat(30_000)}last\n`);
  });

  it('ends, and says nothing, when a source that waits for init() of slim is closed', async () => {
    const program = `
      const { EventSource } = await import('eventsource-wasm/slim');
      const source = new EventSource('${server.url}/events/clock');
      setTimeout(() => source.close(), 30);
      process.on('exit', () => console.log(source.readyState));`;
    assert.equal(await run('node', 'node', '--input-type=module', '--eval', program), '2\n');
  });

  it('gets from auto the very class that it imports, and keeps a class that is there', async () => {
    const installed = (before) => `${before}
      await import('eventsource-wasm/auto');
      const { EventSource } = await import('eventsource-wasm');
      console.log(globalThis.EventSource === EventSource);`;
    const evaluate = (program) => run('node', 'node', '--input-type=module', '--eval', program);
    assert.equal(await evaluate(installed('')), 'true\n');
    assert.equal(await evaluate(installed('globalThis.EventSource = class {};')), 'false\n');
  });

  it('renders a component that opens a source in an effect: no request, no global, nothing that stays', async () => {
    await run(
      'react',
      'esbuild',
      'src/server.jsx',
      ...['--bundle', '--format=esm', '--jsx=automatic', '--platform=node', '--packages=external', '--outdir=dist'],
    );
    const program = `
      const before = Reflect.ownKeys(globalThis);
      await import('react-dom/server');
      const { render } = await import('./dist/server.js');
      const html = render('${server.url}/events/clock?key=rendered');
      const added = Reflect.ownKeys(globalThis).filter((key) => !before.includes(key)).map(String);
      const active = () => process.getActiveResourcesInfo();
      // The modules' files may still be on the way to being closed.
      while (active().includes('CloseReq')) await new Promise(setImmediate);
      console.log(JSON.stringify({ html, added, window: typeof window, active: active() }));`;
    const { html, ...rest } = JSON.parse(await run('react', 'node', '--input-type=module', '--eval', program));
    assert.match(html, /<div id="root"><pre id="events"><\/pre><\/div>/);
    assert.deepEqual(rest, { added: [], window: 'undefined', active: [] });
    // The program has ended, so that no request can come any more.
    assert.deepEqual(await (await fetch(`${server.url}/log?key=rendered`)).json(), []);
  });
});
