// `npm run size`: what each client adds to a page, and whether ours are within their budgets.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { main, ROOT, SetupError } from '../scripts/tools.mjs';
import { bundle, prepare } from './clients.mjs';
import { report } from './report.mjs';

/** The most bytes that an entry of ours may have, all its files together, by brotli. */
const BUDGETS = {
  'eventsource-wasm': 18_000,
  'eventsource-wasm/slim': 18_000,
  'eventsource-wasm/auto': 18_000,
  'eventsource.iife.min.js': 18_000,
};

const file = (name) => readFileSync(join(ROOT, 'dist', name));

/** The files that a page has to load for a client. */
const CLIENTS = {
  'eventsource-wasm': async () => [await bundle(`export { EventSource } from 'eventsource-wasm'`)],
  'eventsource-wasm/slim': async () => [
    await bundle(`export { EventSource, init } from 'eventsource-wasm/slim'`),
    file('eventsource.wasm'),
  ],
  'eventsource-wasm/auto': async () => [await bundle(`import 'eventsource-wasm/auto'`)],
  'eventsource.iife.min.js': async () => [file('eventsource.iife.min.js')],
  eventsource: async () => [await bundle(`export { EventSource } from 'eventsource'`)],
  'event-source-polyfill': async () => [await bundle(`export { EventSourcePolyfill } from 'event-source-polyfill'`)],
  '@microsoft/fetch-event-source': async () => [
    await bundle(`export { fetchEventSource } from '@microsoft/fetch-event-source'`),
  ],
  'sse.js': async () => [await bundle(`export { SSE } from 'sse.js'`)],
  'eventsource-client': async () => [await bundle(`export { createEventSource } from 'eventsource-client'`)],
  'reconnecting-eventsource': async () => [await bundle(`export { default } from 'reconnecting-eventsource'`)],
};

/** Less than this (bytes) is no client: a bundler has left it out. */
const LEAST = 1_000;

const total = (files, size) => files.reduce((sum, file) => sum + size(file), 0);
const brotli = (file) => brotliCompressSync(file, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;

await main(async () => {
  await prepare();
  const rows = [];
  for (const [client, load] of Object.entries(CLIENTS)) {
    const files = await load();
    const empty = files.find((file) => file.length < LEAST);
    if (empty) throw new SetupError(`The bundle of ${client} is empty: does package.json name it in "sideEffects"?`);
    rows.push({
      client,
      raw: total(files, (file) => file.length),
      gzip: total(files, (file) => gzipSync(file, { level: 9 }).length),
      brotli: total(files, brotli),
      budget: BUDGETS[client] ?? null,
    });
  }
  report('size', { unit: 'bytes, bundled and minified by esbuild', rows });
  const over = rows.filter(({ brotli, budget }) => budget !== null && brotli > budget);
  if (over.length > 0) {
    const sizes = over.map(({ client, brotli, budget }) => `${client} has ${brotli} of ${budget}`);
    throw new SetupError(`Over the budgets of brotli bytes in bench/size.mjs: ${sizes.join(', ')}; make it smaller.`);
  }
});
