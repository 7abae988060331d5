// What a page does with a client: opens the streams of its job, one to warm up and the one that counts, and tells
// what came of it. The harness reads the process's clocks while the page waits for leave.

import { createCheck } from './check.mjs';

/**
 * The job, from the page's address:
 * - `collector`: where to ask for leave and to tell
 * - `streams`: `url`, `bytes`, `characters` and `events` of each; the last one counts
 * - `type`: of the events to listen to
 * - `mode`: `json` parses the data; `latency` reads the time at which it was sent; `timers` looks how long a timer had
 *   to wait; `keep` keeps the events whose data is 200 characters long
 */
const job = JSON.parse(new URLSearchParams(location.search).get('job'));

/** Gets the way in which a client opens a stream: see `clients.mjs`. */
export async function open(connect) {
  try {
    await leave('loaded');
    for (const stream of job.streams.slice(0, -1)) await receiveAll(connect, stream);
    await leave('start');
    const start = performance.now();
    const result = await receiveAll(connect, job.streams.at(-1));
    tell({ ...result, time: performance.now() - start });
  } catch (error) {
    tell({ error: String(error) });
  }
}

const leave = (moment) => fetch(new URL(moment, job.collector));
const tell = (result) => navigator.sendBeacon(new URL('result', job.collector), JSON.stringify(result));

/** Opens a stream; gives what has arrived once it has ended. */
async function receiveAll(connect, stream) {
  const check = createCheck();
  const mode = MODES[job.mode]?.() ?? {};
  const { also } = mode;
  const receive = also
    ? (data, event) => {
        check.note(data);
        also(data, event);
      }
    : check.note;
  const end = await new Promise((resolve, reject) => {
    connect(
      stream.url,
      job.type,
      receive,
      (data, lastId, characters) => resolve({ end: data, lastId, characters }),
      (error) => reject(new Error(error)),
      stream,
    );
  });
  return { ...check.result(), ...end, ...(await mode.result?.()) };
}

/** What is done with the data of each event, and what comes of it. */
const MODES = {
  json: () => {
    let length = 0;
    return {
      also: (data) => {
        length += JSON.parse(data).choices[0].delta.content.length;
      },
      result: () => ({ contentLength: length }),
    };
  },
  latency: () => {
    const latencies = [];
    return {
      // After `{"time":"`, in µs.
      also: (data) => latencies.push(performance.timeOrigin + performance.now() - Number(data.slice(9, 25)) / 1_000),
      result: () => ({ latencies }),
    };
  },
  timers: () => {
    let longest = 0;
    let last = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
    }, INTERVAL);
    return {
      result: () => {
        clearInterval(timer);
        return { longestBlock: Math.max(longest, performance.now() - last) - INTERVAL };
      },
    };
  },
  keep: () => {
    const kept = [];
    // Longer than the stream.
    globalThis.kept = kept;
    return {
      also: (data, event) => {
        if (data.length === 200) kept.push(event);
      },
      result: () => ({ kept: kept.length }),
    };
  },
};

/** Of the timer that looks for blocks of the thread, in ms. */
const INTERVAL = 4;
