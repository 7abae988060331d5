// Projects with and without a bundler, and with each kind of worker: their pages receive events.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startServer } from '../../scripts/server.mjs';
import { BROWSERS } from '../browser/browsers.mjs';
import { receivedEvents, run, serveBuilt, serveDevelopment, serveFolder } from './support.mjs';

/** How each project is built that is not served as it is. */
const BUILDS = {
  vite: ['vite', 'build'],
  'slim-vite': ['vite', 'build'],
  workers: ['vite', 'build'],
  webpack: ['webpack'],
  'slim-webpack': ['webpack'],
  rollup: ['rollup', '--config'],
  esbuild: ['esbuild', 'src/main.js', '--bundle', '--minify', '--format=esm', '--outdir=dist'],
  'service-worker': [
    'esbuild',
    ...['index.html', 'main.js', 'service-worker.js'],
    ...['--bundle', '--minify', '--format=esm', '--outdir=dist', '--loader:.html=copy'],
  ],
};

describe('a build', () => {
  for (const [project, command] of Object.entries(BUILDS)) {
    it(`of ${project}/ succeeds without a warning`, async () => {
      assert.doesNotMatch(await run(project, ...command), /warn|\(!\)|error/i);
    });
  }
});

for (const [name, start] of Object.entries(BROWSERS)) {
  describe(`in ${name}`, () => {
    let server;
    let folder;
    let browser;
    before(async () => {
      server = await startServer();
      folder = await serveFolder(server);
      browser = await start();
    });
    after(async () => {
      await browser?.quit();
      await folder?.stop();
      await server?.stop();
    });

    const pages = {
      'a classic script': 'script-tag/index.html',
      'an import map': 'import-map/index.html',
      'an import map and slim': 'slim-import-map/index.html',
      'a service worker': 'service-worker/dist/index.html',
      // What the bundlers make is the same for every browser.
      ...(name === 'Chromium' && {
        webpack: 'webpack/index.html',
        'webpack and slim': 'slim-webpack/index.html',
        Rollup: 'rollup/index.html',
        esbuild: 'esbuild/index.html',
      }),
    };
    for (const [how, page] of Object.entries(pages)) {
      it(`receives events by ${how}`, async () => {
        await browser.open(`${folder.url}${page}`);
        await receivedEvents(browser);
      });
    }

    const projectsOfVite = {
      'a page': ['vite', '#events'],
      'a page with slim': ['slim-vite', '#events'],
      'a dedicated and a shared worker': ['workers', '#dedicated', '#shared'],
    };
    for (const [where, [project, ...places]] of Object.entries(projectsOfVite)) {
      const receive = async (site) => {
        try {
          await browser.open(site.url);
          for (const place of places) await receivedEvents(browser, place);
        } finally {
          await site.stop();
        }
      };

      it(`receives events in ${where} that Vite has built`, async () => {
        await receive(await serveBuilt(project, server));
      });

      if (name === 'Chromium') {
        it(`receives events in ${where} of Vite's development server, which has nothing to say`, async () => {
          const site = await serveDevelopment(project, server);
          await receive(site);
          assert.deepEqual(site.printed, []);
        });
      }
    }
  });
}
