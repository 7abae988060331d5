// `npm run bench`: what it costs to receive a stream, beside the browser's own EventSource and other clients.
//
//     npm run bench -- tiny llm --only native,eventsource-wasm --rounds 3
//
// The main figure is the time that the main thread of the page's process has had of a processor, which the kernel
// knows: no debugger is attached to the page. Each measurement is a page in a process of its own; the clients take
// turns. What has arrived is checked each time.

import { parseArgs } from 'node:util';
import { buildServer, startServer } from '../scripts/server.mjs';
import { browsers, main, SetupError } from '../scripts/tools.mjs';
import { startChromium } from './chromium.mjs';
import { prepare, writePages } from './clients.mjs';
import { startCollector } from './collector.mjs';
import { startFirefox } from './firefox.mjs';
import { forgetPeak, mainThreadTime, memoryOf, pageProcesses } from './processes.mjs';
import { quantile, report, spread, table } from './report.mjs';
import { writeChart } from './speed/chart.mjs';
import { PAGES } from './speed/clients.mjs';
import { SCENARIOS } from './speed/scenarios.mjs';
import { compareWithTargets } from './speed/targets.mjs';

/** A page that tells nothing for so long (ms) has failed. */
const PATIENCE = 120_000;
const PEER = 'native';
/** Firefox has to start for each page, so it gets but these. */
const IN_FIREFOX = {
  scenarios: ['tiny', 'llm', 'multiline'],
  clients: ['native', 'eventsource', 'eventsource-parser', 'eventsource-wasm', 'eventsource-wasm onBatch'],
  rounds: 2,
};
const MIB = 1024 * 1024;

const USAGE = `npm run bench -- [scenarios, "firefox"] [--only clients] [--rounds 5]
scenarios: ${Object.keys(SCENARIOS).join(', ')}
clients: ${Object.keys(PAGES).join(', ')}`;

function readArguments() {
  const options = { only: { type: 'string' }, rounds: { type: 'string', default: '5' } };
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const clients = values.only?.split(',') ?? Object.keys(PAGES);
  const wrong =
    positionals.find((name) => !SCENARIOS[name] && name !== 'firefox') ?? clients.find((name) => !PAGES[name]);
  if (wrong || !(Number(values.rounds) >= 1)) throw new SetupError(`"${wrong ?? values.rounds}" is unknown.\n${USAGE}`);
  const names = positionals.length > 0 ? positionals : [...Object.keys(SCENARIOS), 'firefox'];
  return { names, clients, rounds: Number(values.rounds) };
}

/** Stores the stream of a scenario on the server; gives the jobs of its pages, and what has to arrive. */
async function prepareScenario(scenario, server) {
  const { name, times, warmUp, write = 64 * 1024, interval = 0, stamp = false, make } = scenario;
  const { piece, streamOf } = make();
  const url = `${server.url}/events/repeat/${name}`;
  const { ok } = await fetch(url, { method: 'PUT', body: piece });
  if (!ok) throw new SetupError(`The server does not store the stream of ${name}.`);
  const streams = [warmUp, times]
    .filter((count) => count > 0)
    .map((count, i, { length }) => ({
      ...streamOf(count),
      url: `${url}?times=${count}&write=${write}&interval=${i === length - 1 ? interval : 0}&stamp=${stamp}`,
    }));
  const counted = streams.at(-1);
  const job = {
    type: scenario.heard,
    mode: scenario.mode,
    streams: streams.map(({ url, bytes, characters, expected }) => ({
      url,
      bytes,
      characters,
      events: expected.count,
    })),
  };
  return { job, counted };
}

/** Lets a page do its job; gives what it and the kernel tell of it. */
async function measure(open, server, collector, page, job) {
  const others = new Set(pageProcesses());
  let before;
  const memory = new Map();
  const moments = {
    loaded() {
      for (const id of pageProcesses()) {
        if (others.has(id)) continue;
        forgetPeak(id);
        memory.set(id, memoryOf(id).now);
      }
      if (memory.size === 0) throw new SetupError('the process of the page is not found');
    },
    start() {
      before = new Map([...memory.keys()].map((id) => [id, mainThreadTime(id)]));
    },
    // Firefox, which is new itself, has several new ones: the page's has worked most.
    result: () =>
      [...before]
        .map(([id, time]) => ({ id, cpu: mainThreadTime(id) - time, ...memoryOf(id) }))
        .reduce((most, process) => (process.cpu > most.cpu ? process : most)),
  };
  const listening = collector.listen(moments, PATIENCE);
  listening.catch(() => {});
  const query = encodeURIComponent(JSON.stringify({ ...job, collector: collector.url }));
  const opened = await open(`${server.url}/pages-isolated/${page}.html?job=${query}`);
  try {
    const [told, { id, cpu, peak }] = await listening;
    const used = { cpu, peak: peak - memory.get(id) };
    if (job.mode !== 'keep') return { ...told, ...used };
    await opened.collectGarbage();
    return { ...told, ...used, retained: memoryOf(id).now - memory.get(id) };
  } finally {
    await opened.close();
  }
}

/** @throws {SetupError} where something else has arrived than was sent */
function check(client, told, { expected, characters }) {
  if (told.error) throw new SetupError(`the page failed: ${told.error}`);
  const should = client.startsWith('limit') ? { characters } : expected;
  for (const [name, value] of Object.entries(should)) {
    if (told[name] !== value) throw new SetupError(`${name} is ${told[name]} instead of ${value}`);
  }
}

/**
 * Lets the clients take turns with a scenario; gives the figures of each, one a round. One that fails is noted, and
 * takes no further part.
 */
async function measureScenario({ browser, open, server, collector, failures }, scenario, clients, rounds) {
  const { job, counted } = await prepareScenario(scenario, server);
  const measured = Object.fromEntries(clients.map((client) => [client, []]));
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < clients.length; turn++) {
      // Each is first in its turn, so that none always follows the same one.
      const client = clients[(round + turn) % clients.length];
      if (!measured[client]) continue;
      try {
        const told = await measure(open, server, collector, Object.keys(PAGES).indexOf(client), job);
        check(client, told, counted);
        measured[client].push(figures(scenario, told));
      } catch (error) {
        if (!(error instanceof SetupError)) throw error;
        failures.push(`${client} with ${scenario.name} in ${browser} (${error.message})`);
        delete measured[client];
      }
    }
    process.stderr.write(`${browser} ${scenario.name} ${round + 1}/${rounds}\n`);
  }
  return measured;
}

/** What counts of one measurement; times in µs an event, sizes in MiB, latencies and blocks in ms. */
function figures({ events, times }, { cpu, time, peak, latencies, longestBlock, retained }) {
  return {
    cpu: cpu / 1_000 / events / times,
    wall: (time * 1_000) / events / times,
    peak: peak / MIB,
    ...(latencies?.length && { p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) }),
    ...(longestBlock !== undefined && { longestBlock }),
    ...(retained !== undefined && { retained: retained / MIB }),
  };
}

/** One row a client. */
function rowsOf(browser, scenario, measured) {
  return Object.entries(measured).map(([client, rounds]) => {
    const own = measured[PEER];
    const of = (name) => rounds.map((figures) => figures[name]);
    const column = (name) => (name in rounds[0] ? spread(of(name), 2) : null);
    return {
      browser,
      scenario: scenario.name,
      client,
      'CPU µs': column('cpu'),
      // How many times as fast as the browser's own.
      'as fast': own
        ? spread(
            rounds.map(({ cpu }, round) => own[round].cpu / cpu),
            2,
          )
        : null,
      'wall µs': column('wall'),
      'peak MiB': column('peak'),
      'latency p50 ms': column('p50'),
      'p99 ms': column('p99'),
      'longest block ms': column('longestBlock'),
      'retained MiB': column('retained'),
    };
  });
}

await main(async () => {
  if (process.platform !== 'linux') throw new SetupError('This asks the kernel by /proc: run it on Linux.');
  const { names, clients, rounds } = readArguments();
  await prepare();
  const found = browsers();
  buildServer();
  const root = await writePages('speed', PAGES);
  const server = await startServer({ root });
  const collector = await startCollector();
  const measured = { Chromium: {}, Firefox: {} };
  const failures = [];
  const versions = {};
  try {
    const setup = { server, collector, failures };
    const scenarios = names.filter((name) => name !== 'firefox').map((name) => SCENARIOS[name]);
    const chromium = await startChromium(found.chromium);
    versions.chromium = chromium.version;
    try {
      for (const scenario of scenarios) {
        const those = clients.filter((client) => scenario.clients?.includes(client) ?? true);
        const most = Math.min(rounds, scenario.rounds ?? rounds);
        const inChromium = { ...setup, browser: 'Chromium', open: chromium.open };
        measured.Chromium[scenario.name] = await measureScenario(inChromium, scenario, those, most);
      }
    } finally {
      await chromium.stop();
    }
    if (names.includes('firefox')) {
      const firefox = startFirefox(found);
      const inFirefox = { ...setup, browser: 'Firefox', open: firefox.open };
      const those = clients.filter((client) => IN_FIREFOX.clients.includes(client));
      for (const name of IN_FIREFOX.scenarios) {
        const most = Math.min(rounds, IN_FIREFOX.rounds);
        measured.Firefox[name] = await measureScenario(inFirefox, SCENARIOS[name], those, most);
      }
      versions.firefox = firefox.version();
    }
  } finally {
    collector.stop();
    await server.stop();
  }

  const targets = compareWithTargets(measured.Chromium);
  report('speed', {
    unit: 'CPU of the main thread and wall time in µs an event: the median (the middle half)',
    ...versions,
    rounds,
    rows: Object.entries(measured).flatMap(([browser, scenarios]) =>
      Object.entries(scenarios).flatMap(([name, results]) => rowsOf(browser, SCENARIOS[name], results)),
    ),
    targets,
    measured,
    failures,
  });
  if (targets.length > 0) console.log(`${table(targets)}\n`);
  writeChart(measured.Chromium);
  if (failures.length > 0) throw new SetupError(`These have failed: ${failures.join('; ')}.`);
});
