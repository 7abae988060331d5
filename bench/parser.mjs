// `npm run bench:parser`: the parsers alone in Node.js, from chunks of bytes in memory to messages, without a network.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { main, ROOT, SetupError } from '../scripts/tools.mjs';
import { bundle, prepare } from './clients.mjs';
import { mainThreadTime } from './processes.mjs';
import { report, spread } from './report.mjs';
import { createCheck } from './speed/check.mjs';
import { SCENARIOS } from './speed/scenarios.mjs';

const ROUNDS = 9;
const CHUNK = 64 * 1024;
const PEER = 'eventsource-parser';

/** Ours without what reads a response; it has no public name. */
const OURS = `
  export { loadEngine, setModuleSource } from './src/npm/engine.ts';
  export { Cutter } from './src/npm/messages.ts';
  export { StreamParser } from './src/npm/parser.ts';
  // For the bundler's folder: 'eventsource-wasm'`;
const OTHERS = `
  export { createParser } from 'eventsource-parser';
  export { EventSourceParserStream } from 'eventsource-parser/stream';`;

async function load(name, code) {
  const folder = join(ROOT, 'target', 'bench', 'parser');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}.mjs`);
  writeFileSync(file, await bundle(code, { platform: 'node' }));
  return import(pathToFileURL(file));
}

/** For each client: a function that gives each message of a stream to another. */
async function loadClients() {
  const { loadEngine, setModuleSource, Cutter, StreamParser } = await load('ours', OURS);
  const { createParser, EventSourceParserStream } = await load('others', OTHERS);
  const { EventSourceDecoderStream } = await import(pathToFileURL(join(ROOT, 'dist', 'index.js')));
  const module = new WebAssembly.Module(readFileSync(join(ROOT, 'dist', 'eventsource.wasm')));
  setModuleSource(() => module);
  const engine = await loadEngine();

  const take = async (chunks, transforms, receive) => {
    let stream = ReadableStream.from(chunks);
    for (const transform of transforms) stream = stream.pipeThrough(transform);
    for await (const message of stream) receive(message);
  };
  return {
    [PEER](chunks, receive) {
      const parser = createParser({ onEvent: receive });
      const decoder = new TextDecoder();
      for (const chunk of chunks) parser.feed(decoder.decode(chunk, { stream: true }));
    },
    'eventsource-wasm'(chunks, receive) {
      const parser = new StreamParser(engine, '');
      const cutter = new Cutter('');
      for (const chunk of chunks) {
        for (const message of cutter.cut(parser.parse(chunk))) receive(message);
      }
      parser.free();
    },
    'eventsource-parser/stream': (chunks, receive) =>
      take(chunks, [new TextDecoderStream(), new EventSourceParserStream()], receive),
    'EventSourceDecoderStream of eventsource-wasm': (chunks, receive) =>
      take(chunks, [new EventSourceDecoderStream()], receive),
  };
}

/** The stream of a scenario in chunks, and what has to come of it. */
function chunksOf({ times, make }) {
  const { piece, streamOf } = make();
  const bytes = Buffer.from(piece.repeat(times));
  const chunks = [];
  for (let start = 0; start < bytes.length; start += CHUNK)
    chunks.push(new Uint8Array(bytes.subarray(start, start + CHUNK)));
  return { chunks, expected: streamOf(times).expected };
}

await main(async () => {
  if (process.platform !== 'linux') throw new SetupError('This asks the kernel by /proc: run it on Linux.');
  await prepare();
  const clients = await loadClients();
  const scenarios = Object.values(SCENARIOS).filter(({ write, mode }) => !write && (!mode || mode === 'json'));
  const rows = [];
  for (const scenario of scenarios) {
    const { chunks, expected } = chunksOf(scenario);
    const times = Object.fromEntries(Object.keys(clients).map((client) => [client, []]));
    // The first round is to warm up.
    for (let round = 0; round <= ROUNDS; round++) {
      for (const [client, parse] of Object.entries(clients)) {
        const check = createCheck();
        const receive = ({ event, type = event ?? 'message', data }) => {
          if (type !== scenario.heard) return;
          check.note(data);
          if (scenario.mode === 'json') JSON.parse(data);
        };
        const start = mainThreadTime(process.pid);
        await parse(chunks, receive);
        const time = mainThreadTime(process.pid) - start;
        const { count, length, hash } = check.result();
        if (count !== expected.count || length !== expected.length || hash !== expected.hash) {
          throw new SetupError(`${client} has parsed ${scenario.name} wrongly.`);
        }
        if (round > 0) times[client].push(time / scenario.events / scenario.times);
      }
    }
    for (const [client, measured] of Object.entries(times)) {
      rows.push({
        scenario: scenario.name,
        client,
        'CPU ns': spread(measured, 0),
        [`as fast as ${PEER}`]: spread(
          measured.map((time, round) => times[PEER][round] / time),
          2,
        ),
      });
    }
  }
  report('parser', {
    unit: 'ns of the main thread an event: the median (the middle half)',
    node: process.version,
    rounds: ROUNDS,
    rows,
  });
});
