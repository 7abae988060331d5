// `npm run bench:start`: the time from the start of a page's script to its first event, cold.
//
// Each measurement is a page in a new process without caches; the clients take turns. The page
// itself tells its times, and no debugger is attached to it.

import { once } from 'node:events';
import { createServer } from 'node:http';
import { buildServer, startServer } from '../scripts/server.mjs';
import { browsers, main, SetupError } from '../scripts/tools.mjs';
import { startChromium } from './chromium.mjs';
import { prepare, withScript, writePages } from './clients.mjs';
import { startFirefox } from './firefox.mjs';
import { report, spread } from './report.mjs';

/** How often each client starts in a browser. Firefox itself has to start each time. */
const ROUNDS = { Chromium: 40, Firefox: 9 };
/** A page that tells nothing for so long (ms) has failed. */
const PATIENCE = 30_000;
const PEER = 'eventsource';

/** Those that are compared with each other. */
const CLIENTS = ['native', PEER, 'eventsource-wasm', 'eventsource-wasm/slim'];

/** What the page does with it: opens two sources, one after the other, and tells when their events came. */
const PAGE = `
  const receive = () =>
    new Promise((resolve, reject) => {
      const source = new EventSource('/events/flood?count=1&size=20');
      source.onmessage = ({ data }) => {
        const time = performance.now();
        source.close();
        if (data === 'abcdefghijklmnopqrst') resolve(time);
        else reject(new Error('the event is ' + data));
      };
      source.onerror = () => reject(new Error('the source has failed'));
    });
  const tell = (times) => navigator.sendBeacon(new URLSearchParams(location.search).get('tell'), JSON.stringify(times));
  try {
    const first = await receive();
    const secondStart = performance.now();
    const second = await receive();
    tell({ script: first - scriptStart, navigation: first, second: second - secondStart });
  } catch (error) {
    tell({ error: String(error) });
  }`;

/** Where the pages tell their times. */
async function startCollector() {
  let told;
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    response.end();
    told?.(JSON.parse(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    /** The next that is told. */
    next: () =>
      new Promise((resolve) => {
        const timer = setTimeout(() => resolve({ error: `nothing came for ${PATIENCE} ms` }), PATIENCE);
        told = (times) => {
          clearTimeout(timer);
          resolve(times);
        };
      }),
    stop: () => server.close(),
  };
}

/** Lets the clients take turns in a browser; gives the times of each. */
async function measure(rounds, server, collector, open) {
  const times = Object.fromEntries(CLIENTS.map((client) => [client, []]));
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < CLIENTS.length; turn++) {
      // Each is first in its turn, so that none always follows the same one.
      const index = (round + turn) % CLIENTS.length;
      const client = CLIENTS[index];
      const told = collector.next();
      const page = await open(`${server.url}/pages/${index}.html?tell=${encodeURIComponent(collector.url)}`);
      const { error, ...measured } = await told;
      await page.close();
      if (error) throw new SetupError(`The page of ${client} failed: ${error}.`);
      times[client].push(measured);
    }
  }
  return times;
}

/** One row a client: its times, and how far it is behind the peer, round by round. */
function rowsOf(browser, times) {
  return Object.entries(times).map(([client, measured]) => ({
    browser,
    client,
    'from script start': spread(measured.map(({ script }) => script)),
    [`behind ${PEER}`]: spread(measured.map(({ script }, round) => script - times[PEER][round].script)),
    'from navigation': spread(measured.map(({ navigation }) => navigation)),
    'second source': spread(measured.map(({ second }) => second)),
  }));
}

await main(async () => {
  await prepare();
  const found = browsers();
  buildServer();
  // Before the first statement of the client itself.
  const root = await writePages('start', withScript(CLIENTS, PAGE), {
    banner: { js: 'const scriptStart = performance.now();' },
  });
  const server = await startServer({ root });
  const collector = await startCollector();
  try {
    const chromium = await startChromium(found.chromium);
    const inChromium = await measure(ROUNDS.Chromium, server, collector, chromium.open).finally(chromium.stop);
    const firefox = startFirefox(found);
    const inFirefox = await measure(ROUNDS.Firefox, server, collector, firefox.open);
    report('start', {
      unit: 'ms: the median (the middle half)',
      chromium: chromium.version,
      firefox: firefox.version(),
      rounds: `${ROUNDS.Chromium} in Chromium, ${ROUNDS.Firefox} in Firefox`,
      rows: [...rowsOf('Chromium', inChromium), ...rowsOf('Firefox', inFirefox)],
      times: { Chromium: inChromium, Firefox: inFirefox },
    });
  } finally {
    collector.stop();
    await server.stop();
  }
});
