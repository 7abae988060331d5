// What we want to reach, and whether it is reached.

import { median } from '../report.mjs';

const LISTENER = 'eventsource-wasm';
const MESSAGES = 'eventsource-wasm onBatch';
/** What costs less than any client of the kind can. */
const FLOOR = { [LISTENER]: 'limit: dispatch', [MESSAGES]: 'limit: decode' };

/** How many times as fast (by CPU time) as another client a scenario has to be. */
const FASTER = [
  [LISTENER, 'native', { tiny: 2.8, named: 2.8, crlf: 2.8, multiline: 2, llm: 1.8, utf8: 1.8, big: 1.8 }],
  [LISTENER, 'native', { 'llm-json': 1.5, comments: 4, unheard: 5, each: 1.3 }],
  [MESSAGES, 'eventsource-parser', { tiny: 1.3, llm: 1.3, named: 1.3, crlf: 1.3, multiline: 2, comments: 2, big: 1.5 }],
  [MESSAGES, 'eventsource-parser', { utf8: 1.1, 'llm-json': 1.1 }],
];

/** At most how many times as much of a figure as another client's. */
const AT_MOST = [
  ['paced', 'cpu', 'limit: read', 1.25],
  ['paced', 'p50', 'native', 1.1],
  ['paced', 'p99', 'native', 1.1],
  ['retained', 'retained', 'eventsource', 1.5],
];

/** The longest that the main thread may be kept (ms). */
const LONGEST_BLOCK = 50;
/** How many times the cost of 8 MiB an event of 16 MiB may cost. */
const LINEAR = 2.2;

/**
 * One row a target whose figures were measured; `floor` is what a client would reach that only dispatches, or decodes.
 * Figures of two clients are compared round by round.
 * @param {Record<string, Record<string, Record<string, number>[]>>} measured by scenario and client, one a round
 */
export function compareWithTargets(measured) {
  const ratio = (ours, others, figure) =>
    ours && others && median(ours.map((own, round) => own[figure] / others[round][figure]));
  const rows = [];
  const round = (number) => (number === undefined ? null : Number(number.toFixed(2)));
  const add = (scenario, client, what, target, is, isMet, floor) => {
    if (is === undefined) return;
    rows.push({
      scenario,
      client,
      what,
      target,
      is: round(is),
      floor: round(floor),
      met: isMet(is) ? 'met' : 'NOT MET',
    });
  };
  const atMost = (target) => [`at most ${target}`, (is) => is <= target];
  const addAtMost = (scenario, client, what, target, is, floor) => {
    const [text, isMet] = atMost(target);
    add(scenario, client, what, text, is, isMet, floor);
  };

  for (const [client, other, scenarios] of FASTER) {
    for (const [scenario, target] of Object.entries(scenarios)) {
      const of = measured[scenario] ?? {};
      const is = ratio(of[other], of[client], 'cpu');
      const floor = ratio(of[other], of[FLOOR[client]], 'cpu');
      add(scenario, client, `times as fast as ${other}`, `at least ${target}`, is, (is) => is >= target, floor);
    }
  }
  for (const [scenario, figure, other, target] of AT_MOST) {
    const of = measured[scenario] ?? {};
    for (const client of [LISTENER, MESSAGES]) {
      const floor = ratio(of[FLOOR[client]], of[other], figure);
      const is = ratio(of[client], of[other], figure);
      addAtMost(scenario, client, `${figure} against ${other}`, target, is, Number.isNaN(floor) ? undefined : floor);
    }
  }
  for (const client of [LISTENER, MESSAGES]) {
    const [half, whole] = ['one-8-mib', 'one-16-mib'].map((name) => measured[name]?.[client]);
    addAtMost('one-16-mib', client, 'CPU against 8 MiB', LINEAR, ratio(whole, half, 'cpu'));
    const blocks = measured.burst?.[client]?.map(({ longestBlock }) => longestBlock);
    addAtMost('burst', client, 'longest block (ms)', LONGEST_BLOCK, blocks && median(blocks));
    for (const [scenario, of] of Object.entries(measured)) {
      const is = ratio(of[client], of.native, 'peak');
      add(scenario, client, 'peak memory against native', 'less than 1', is, (is) => is < 1);
    }
  }
  return rows;
}
