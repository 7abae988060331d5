// The streams that are measured, and what of them has to arrive. The server repeats a piece of stream that is
// made here, and ends with an event named "end".

import { createCheck } from './check.mjs';

const MIB = 1024 * 1024;
const WORDS = 'the quick brown fox jumps over a lazy dog while streams of tokens arrive one after another'.split(' ');
const word = (n) => WORDS[(n * 7) % WORDS.length];

/** Text of exactly this many characters, another one for each number. */
const text = (length, n) =>
  `${n} ${word(n)} `.padEnd(length, `${WORDS.slice(n % WORDS.length).join(' ')} `).slice(0, length);

/** What a language model's API sends for a token. */
const token = (n, stamp = '') =>
  JSON.stringify({
    ...(stamp && { time: stamp }),
    id: `chatcmpl-${String(n).padStart(24, 'A')}`,
    object: 'chat.completion.chunk',
    created: 1_763_000_000 + n,
    model: 'large-2026-11-01',
    system_fingerprint: 'fp_0123456789',
    choices: [
      { index: 0, delta: { role: 'assistant', content: ` ${word(n).padEnd(5)}` }, logprobs: null, finish_reason: null },
    ],
    usage: null,
  });

const KOREAN = '서버가 보내는 이벤트는 한 줄씩 도착하고 브라우저는 그것을 차례로 읽는다 ';

/** Replaced by the time at which an event is sent. */
const STAMP = '0'.repeat(16);

/**
 * Each has
 * - `events`: how many the piece has, and `event(n)`: one of them: `data`, and maybe `type`, `id`, `comments` before it
 * - `times`: how often it is sent; before that, to warm up, `warmUp` times and without any
 *   `interval`
 * - `lineEnd`, `write` (bytes of a write, or 'event'), `interval` (ms), `stamp`: for the server
 * - `heard`: the type that is listened to
 * - `mode`: what the page does beside the check (`page.mjs`)
 * - `clients`, where not all are measured, and the most `rounds`
 */
const DEFINITIONS = {
  tiny: { events: 1_000, times: 600, event: (n) => ({ data: text(12, n) }) },
  llm: { events: 500, times: 400, event: (n) => ({ data: token(n) }) },
  'llm-json': { events: 500, times: 240, event: (n) => ({ data: token(n) }), mode: 'json' },
  named: {
    events: 500,
    times: 500,
    heard: 'update',
    event: (n) => ({ type: 'update', id: String(100_000 + n), data: text(64, n) }),
  },
  multiline: {
    events: 200,
    times: 300,
    event: (n) => ({ data: Array.from({ length: 10 }, (_, line) => text(80, n + line)).join('\n') }),
  },
  utf8: {
    events: 300,
    times: 600,
    event: (n) => ({ data: `${n} ${KOREAN}${n % 2 ? '🎉🚀' : '👋🌍'}${KOREAN.slice(n % 9, 30)}` }),
  },
  crlf: {
    events: 500,
    times: 500,
    lineEnd: '\r\n',
    heard: 'update',
    event: (n) => ({ type: 'update', id: String(100_000 + n), data: text(60, n) }),
  },
  comments: { events: 50, times: 500, event: (n) => ({ comments: 100, data: text(100, n) }) },
  big: { events: 2, times: 40, event: (n) => ({ data: text(MIB, n) }) },
  unheard: {
    events: 500,
    times: 600,
    heard: 'type7',
    event: (n) => ({ type: `type${n % 25}`, data: text(80, n) }),
  },
  /** One event a write, as fast as it goes. */
  each: { events: 500, times: 120, write: 'event', event: (n) => ({ data: token(n) }), rounds: 3 },
  /** The same, 500 a second. */
  paced: {
    events: 500,
    times: 5,
    warmUp: 10,
    write: 'event',
    interval: 2,
    stamp: true,
    mode: 'latency',
    event: (n) => ({ data: token(n, STAMP) }),
    clients: [
      'native',
      'eventsource',
      'eventsource-parser',
      'eventsource-wasm',
      'eventsource-wasm onBatch',
      'limit: read',
      'limit: dispatch',
    ],
    rounds: 3,
  },
  /** Timers have to get their turns. */
  burst: { events: 1_000, times: 300, event: (n) => ({ data: text(12, n) }), mode: 'timers', rounds: 3 },
  ...Object.fromEntries(
    [8, 16].map((size) => [
      `one-${size}-mib`,
      {
        events: 1,
        times: 1,
        warmUp: 0,
        write: 1024,
        event: (n) => ({ data: text(size * MIB, n) }),
        clients: ['native', 'eventsource', 'eventsource-parser', 'eventsource-wasm', 'eventsource-wasm onBatch'],
        rounds: 3,
      },
    ]),
  ),
  /** 64 KiB exactly, of which the page keeps one event. */
  retained: {
    events: 62,
    times: 10_000,
    warmUp: 10,
    mode: 'keep',
    event: (n) => ({ data: text(n === 0 ? 200 : n === 61 ? 1_480 : 1_056, n) }),
    clients: ['native', 'eventsource', 'eventsource-parser', 'eventsource-wasm', 'eventsource-wasm onBatch'],
    rounds: 1,
  },
};

/** A scenario with the piece that is to be stored on the server, and what it and its warm-up bring. */
export const SCENARIOS = Object.fromEntries(
  Object.entries(DEFINITIONS).map(([name, definition]) => {
    const { lineEnd = '\n', heard = 'message', warmUp = Math.ceil(definition.times / 4) } = definition;
    const make = () => {
      const events = Array.from({ length: definition.events }, (_, n) => definition.event(n));
      const piece = events.map((event) => serialize(event, lineEnd)).join('');
      return { piece, streamOf: (times) => streamOf(events, piece, times, heard, definition.mode === 'keep') };
    };
    return [name, { name, ...definition, heard, warmUp, make }];
  }),
);

function serialize({ type, id, data, comments = 0 }, lineEnd) {
  const lines = [
    ...(type ? [`event: ${type}`] : []),
    ...(id ? [`id: ${id}`] : []),
    ...data.split('\n').map((line) => `data: ${line}`),
  ];
  return `: keep-alive${lineEnd}${lineEnd}`.repeat(comments) + lines.map((line) => line + lineEnd).join('') + lineEnd;
}

/** How long a stream is, and what has to arrive of it. */
function streamOf(events, piece, times, heard, isKept) {
  const check = createCheck();
  const heardEvents = events.filter(({ type = 'message' }) => type === heard);
  for (let time = 0; time < times; time++) for (const { data } of heardEvents) check.note(data);
  const end = `event: end\ndata: ${times}\n\n`;
  return {
    bytes: Buffer.byteLength(piece) * times + end.length,
    characters: piece.length * times + end.length,
    expected: {
      ...check.result(),
      lastId: events.findLast(({ id }) => id)?.id ?? '',
      end: String(times),
      ...(isKept && { kept: times }),
    },
  };
}
