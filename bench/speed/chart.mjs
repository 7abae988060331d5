// The main figures as a picture (SVG) for the README, in target/bench/.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../scripts/tools.mjs';
import { median } from '../report.mjs';

/** What is shown, how it is called there, and its colour. */
const CLIENTS = {
  native: ["the browser's own", '#8b949e'],
  eventsource: ['eventsource', '#b08800'],
  'eventsource-wasm': ['eventsource-wasm', '#d1490b'],
  'eventsource-parser': ['eventsource-parser: callback', '#5b8bb0'],
  'eventsource-wasm onBatch': ['eventsource-wasm: onBatch', '#f08a4b'],
};
const SCENARIOS = ['tiny', 'named', 'crlf', 'llm', 'llm-json', 'utf8', 'multiline', 'comments'];

const WIDTH = 760;
const LEFT = 86;
const RIGHT = 64;
const BAR = 12;
const GAP = 16;
const TOP = 92;

/**
 * Bars of what an event costs beside the browser's own, a group for each scenario, with µs; nothing where not all of
 * them were measured.
 */
export function writeChart(measured) {
  const clients = Object.entries(CLIENTS);
  if (!SCENARIOS.every((name) => clients.every(([client]) => measured[name]?.[client]?.length))) return;
  const costs = SCENARIOS.map((name) =>
    clients.map(([client]) => median(measured[name][client].map(({ cpu }) => cpu))),
  );
  const scale =
    (WIDTH - LEFT - RIGHT) / Math.max(...costs.flatMap(([own, ...others]) => others.map((cost) => cost / own)));
  const group = clients.length * BAR + GAP;
  const height = TOP + SCENARIOS.length * group;

  const legend = clients.map(([, [label, color]], i) => {
    const [x, y] = [LEFT + (i % 3) * 206, 44 + Math.floor(i / 3) * 20];
    return `<rect x="${x}" y="${y}" width="11" height="11" rx="2" fill="${color}"/><text x="${x + 17}" y="${y + 10}">${label}</text>`;
  });
  const bars = SCENARIOS.flatMap((name, row) => {
    const top = TOP + row * group;
    const label = `<text x="${LEFT - 10}" y="${top + (clients.length * BAR) / 2 + 4}" text-anchor="end" font-weight="600">${name}</text>`;
    return [
      label,
      ...costs[row].map((cost, i) => {
        const width = Math.max(1, (cost / costs[row][0]) * scale);
        const y = top + i * BAR;
        const [x, figure] = [LEFT + width + 6, cost.toPrecision(2)];
        return `<rect x="${LEFT}" y="${y}" width="${width.toFixed(1)}" height="${BAR - 2}" rx="2" fill="${clients[i][1][1]}"/><text x="${x.toFixed(1)}" y="${y + 9}" font-size="10">${figure}</text>`;
      }),
    ];
  });
  writeFileSync(
    join(ROOT, 'target', 'bench', 'speed.svg'),
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="12" role="img">
<title>Main-thread CPU time an event, beside the browser's own EventSource; shorter is better</title>
<style>text { fill: #1f2328 } @media (prefers-color-scheme: dark) { text { fill: #e6edf3 } }</style>
<text x="${LEFT}" y="24" font-size="15" font-weight="600">Main-thread CPU time an event, beside the browser's own: shorter is better</text>
<text x="${WIDTH - 8}" y="${TOP - 8}" font-size="10" text-anchor="end">figures in µs</text>
${[...legend, ...bars].join('\n')}
</svg>
`,
  );
}
