// `npm run bench:memory`: what idle sources take in Chromium, and what is left of them once they are closed.
//
// A thousand of them need HTTP/2, of whose streams Chromium opens 256 a connection, so they are
// spread over host names.

import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { buildServer, startServer } from '../scripts/server.mjs';
import { browsers, main, SetupError } from '../scripts/tools.mjs';
import { startChromium } from './chromium.mjs';
import { prepare, withScript, writePages } from './clients.mjs';
import { median, report, spread } from './report.mjs';

const ROUNDS = 5;
const HOSTS = 8;
/** What does not come for so long (ms) has failed. */
const PATIENCE = 30_000;
const CLIENTS = ['native', 'eventsource', 'eventsource-wasm'];

/** How many sources are open at each step, in the same page. The first one loads all that a client has. */
const STEPS = [
  ['nothing opened yet', 0],
  ['1 open', 1],
  ['closed', 0],
  ['100 open', 100],
  ['closed again', 0],
  ['1,000 open', 1_000],
  ['all closed', 0],
  ['1,000 open again', 1_000],
  ['all closed again', 0],
];
/** The step that those with open sources are compared with: all is loaded, nothing is open. */
const BASE = 2;

/** Notes the memory of the WebAssembly that the page starts later, in whichever way. */
const WATCH = `
  let memory;
  const note = (instance) => {
    memory = Object.values(instance.exports).find((value) => value instanceof WebAssembly.Memory);
    return instance;
  };
  for (const name of ['instantiate', 'instantiateStreaming']) {
    const original = WebAssembly[name];
    WebAssembly[name] = async (...args) => {
      const result = await original(...args);
      note(result.instance ?? result);
      return result;
    };
  }
  WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
    construct: (target, args) => note(Reflect.construct(target, args)),
  });
  globalThis.wasmBytes = () => memory?.buffer.byteLength ?? 0;
`;

/** Each source gets one event, which shows that it is open, and then nothing more. */
const PAGE = `
  const sources = [];
  globalThis.openSources = (count, key) => Promise.all(Array.from({ length: count }, (_, index) =>
    new Promise((resolve, reject) => {
      const host = 's' + (index % ${HOSTS}) + '.localhost:' + location.port;
      const source = new EventSource('https://' + host + '/events/flood?count=0&key=' + key);
      source.addEventListener('end', ({ data }) =>
        data === '0' ? resolve() : reject(new Error('the event is ' + data)), { once: true });
      source.onerror = () => reject(new Error('a source has failed'));
      sources.push(source);
    }))).then(() => sources.filter(({ readyState }) => readyState === 1).length);
  globalThis.closeSources = () => { for (const source of sources.splice(0)) source.close(); };`;

/**
 * Goes through the steps in a new page; gives what is measured at each: what its script has, what the
 * browser has for the objects of the script, the memory of the WebAssembly, and all of its process.
 */
async function measure(chromium, server, index, round) {
  const port = new URL(server.secureUrl).port;
  const page = await chromium.open(`https://localhost:${port}/pages/${index}.html`);
  const { sessionId } = await chromium.send('Target.attachToTarget', { targetId: page.targetId, flatten: true });
  const run = async (code) => {
    const params = { expression: code, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await chromium.send('Runtime.evaluate', params, sessionId);
    if (exceptionDetails) throw new SetupError(`The page failed: ${exceptionDetails.exception.description}`);
    return result.value;
  };
  await until('the page has loaded', () => run('Boolean(globalThis.openSources)').catch(() => false));
  const process = await processOf(chromium, run);

  const measured = [];
  for (const [step, [name, count]] of STEPS.entries()) {
    const key = `${index}-${round}-${step}`;
    if (count > 0) {
      const open = await within(`${count} sources are open`, run(`openSources(${count}, '${key}')`));
      if (open !== count) throw new SetupError(`${open} of ${count} sources are open.`);
    } else if (step > 0) {
      await run('closeSources()');
      const before = STEPS[step - 1][1];
      const query = `key=${index}-${round}-${step - 1}&requests=${before}&ended=${before}&timeout=${PATIENCE}`;
      const { status } = await fetch(`${server.url}/log/wait?${query}`);
      if (status !== 200) throw new SetupError(`The sources did not all end within ${PATIENCE} ms.`);
      await fetch(`${server.url}/log`, { method: 'DELETE' });
    }
    await chromium.send('HeapProfiler.collectGarbage', {}, sessionId);
    const heap = await chromium.send('Runtime.getHeapUsage', {}, sessionId);
    // In bytes.
    measured.push({
      step: name,
      count,
      script: heap.usedSize + heap.backingStorageSize,
      browser: heap.embedderHeapUsedSize,
      wasm: await run('wasmBytes()'),
      process: proportionalSize(process),
    });
  }
  await page.close();
  return measured;
}

/** The process of a page: the one that works while the page does. */
async function processOf(chromium, run) {
  const { processInfo } = await chromium.send('SystemInfo.getProcessInfo');
  const renderers = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
  const before = renderers.map(workOf);
  await run('{ const end = performance.now() + 500; while (performance.now() < end); }');
  const worked = renderers.map((process, i) => workOf(process) - before[i]);
  return renderers[worked.indexOf(Math.max(...worked))];
}

/** The time (ns) that the main thread of a process has had of a processor. */
function workOf(process) {
  return Number(readFileSync(`/proc/${process}/schedstat`, 'utf8').split(' ')[0]);
}

/** Bytes of memory of a process, of what it shares with others its part. */
function proportionalSize(process) {
  const [, kilobytes] = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${process}/smaps_rollup`, 'utf8'));
  return Number(kilobytes) * 1024;
}

async function until(what, holds) {
  const deadline = Date.now() + PATIENCE;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new SetupError(`Waited ${PATIENCE} ms until ${what}.`);
    await pause(20);
  }
}

async function within(what, promise) {
  const stop = new AbortController();
  const timeout = pause(PATIENCE, null, { signal: stop.signal }).then(() => {
    throw new SetupError(`Waited ${PATIENCE} ms until ${what}.`);
  });
  timeout.catch(() => {});
  return Promise.race([promise, timeout]).finally(() => stop.abort());
}

/** One row a client and step. */
function rowsOf(client, rounds) {
  const kilobytes = (read) => spread(rounds.map((steps) => read(steps) / 1024));
  const aSource = (i, read) =>
    STEPS[i][1] > 1 ? kilobytes((steps) => (read(steps[i]) - read(steps[BASE])) / STEPS[i][1]) : null;
  return STEPS.map(([step], i) => ({
    client,
    step,
    script: kilobytes((steps) => steps[i].script),
    browser: kilobytes((steps) => steps[i].browser),
    wasm: median(rounds.map((steps) => steps[i].wasm / 1024)),
    process: kilobytes((steps) => steps[i].process),
    'first three a source': aSource(i, ({ script, browser, wasm }) => script + browser + wasm),
    'process a source': aSource(i, ({ process }) => process),
  }));
}

await main(async () => {
  if (process.platform !== 'linux')
    throw new SetupError('This reads the memory of processes from /proc: run it on Linux.');
  await prepare();
  const found = browsers();
  buildServer();
  const root = await writePages('memory', withScript(CLIENTS, PAGE), { banner: { js: WATCH } });
  const server = await startServer({ root, secure: true });
  try {
    const chromium = await startChromium(found.chromium, ['--ignore-certificate-errors']);
    const measured = CLIENTS.map(() => []);
    try {
      for (let round = 0; round < ROUNDS; round++) {
        for (const index of CLIENTS.keys()) measured[index].push(await measure(chromium, server, index, round));
      }
    } finally {
      await chromium.stop();
    }
    report('memory', {
      unit: 'KiB after garbage collection: the median (the middle half)',
      chromium: chromium.version,
      rounds: ROUNDS,
      rows: CLIENTS.flatMap((client, index) => rowsOf(client, measured[index])),
      measured: Object.fromEntries(CLIENTS.map((client, index) => [client, measured[index]])),
    });
    for (const steps of measured[CLIENTS.indexOf('eventsource-wasm')]) {
      const [once, again] = [steps.at(-3).wasm, steps.at(-1).wasm];
      if (once === 0) throw new SetupError('The memory of the WebAssembly was not seen: let WATCH note it.');
      if (again > once) {
        throw new SetupError(
          `The memory of the WebAssembly grew from ${once} to ${again} bytes when as many sources were opened again: closed ones leave something behind.`,
        );
      }
    }
  } finally {
    await server.stop();
  }
});
