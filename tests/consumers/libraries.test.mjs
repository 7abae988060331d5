// Libraries that take an EventSource, or construct one, work with ours as with the browser's.

import { after, before, describe, it } from 'node:test';
import { startServer } from '../../scripts/server.mjs';
import { BROWSERS } from '../browser/browsers.mjs';
import { receivedEvents, run, serveFolder } from './support.mjs';

// An event that arrives here can only have come through ours.
describe('in a Chromium without an EventSource of its own', () => {
  let server;
  let folder;
  let browser;
  before(async () => {
    server = await startServer();
    folder = await serveFolder(server);
    browser = await BROWSERS.Chromium({ beforePages: 'delete globalThis.EventSource' });
  });
  after(async () => {
    await browser?.quit();
    await folder?.stop();
    await server?.stop();
  });

  const receives = async (page) => {
    await browser.open(`${folder.url}${page}`);
    await receivedEvents(browser);
  };
  const bundle = (project, entry, ...options) =>
    run(project, 'esbuild', entry, '--bundle', '--format=esm', '--outdir=dist', ...options);

  it('jQuery listens to a source', () => receives('jquery/index.html'));

  it('htmx opens sources by its hook', () => receives('htmx/index.html'));

  it('htmx opens sources where auto has installed the class', () => receives('htmx-auto/index.html'));

  it('RxJS makes an Observable of the events', async () => {
    await bundle('rxjs', 'src/main.js');
    await receives('rxjs/index.html');
  });

  it('reconnecting-eventsource opens sources of the class that it is handed', async () => {
    await bundle('reconnecting-eventsource', 'src/main.js');
    await receives('reconnecting-eventsource/index.html');
  });

  it('VueUse opens sources of the class that has taken the place of the global one', async () => {
    await bundle('vueuse', 'src/main.js');
    await receives('vueuse/index.html');
  });

  it("a React hook opens a source when the server's page is hydrated", async () => {
    const jsx = ['--jsx=automatic', '--minify'];
    await bundle('react', 'src/client.jsx', ...jsx);
    await bundle('react', 'src/server.jsx', ...jsx, '--platform=node', '--packages=external');
    await run('react', 'node', 'prerender.js');
    await receives('react/dist/index.html');
  });
});
