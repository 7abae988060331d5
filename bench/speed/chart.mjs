// The main figures as a picture (SVG) for the README, in target/bench/.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../scripts/tools.mjs';
import { median } from '../report.mjs';

/** What is shown, and how it is called there. */
const CLIENTS = {
  native: "the browser's own",
  eventsource: 'eventsource',
  'eventsource-wasm': 'eventsource-wasm',
  'eventsource-parser': 'eventsource-parser',
  'eventsource-wasm onBatch': 'eventsource-wasm, onBatch',
};
const COLORS = ['#8b949e', '#c9a227', '#d1490b', '#5b8bb0', '#f08a4b'];
const SCENARIOS = ['tiny', 'llm', 'llm-json', 'named', 'multiline', 'utf8', 'crlf', 'comments'];

const WIDTH = 720;
const LEFT = 90;
const RIGHT = 70;
const BAR = 11;
const GAP = 14;
const TOP = 74;

/** Bars of µs an event, a group for each scenario; nothing where not all of them were measured. */
export function writeChart(measured) {
  const clients = Object.keys(CLIENTS);
  if (!SCENARIOS.every((name) => clients.every((client) => measured[name]?.[client]?.length))) return;
  const costs = SCENARIOS.map((name) => clients.map((client) => median(measured[name][client].map(({ cpu }) => cpu))));
  const scale = (WIDTH - LEFT - RIGHT) / Math.max(...costs.flat());
  const group = clients.length * BAR + GAP;
  const height = TOP + SCENARIOS.length * group;

  const legend = clients.map((client, i) => {
    const [x, y] = [LEFT + (i % 3) * 200, 32 + Math.floor(i / 3) * 18];
    return `<rect x="${x}" y="${y}" width="10" height="10" fill="${COLORS[i]}"/><text x="${x + 16}" y="${y + 9}">${CLIENTS[client]}</text>`;
  });
  const bars = SCENARIOS.flatMap((name, row) => {
    const top = TOP + row * group;
    const label = `<text x="${LEFT - 8}" y="${top + (clients.length * BAR) / 2 + 4}" text-anchor="end">${name}</text>`;
    return [
      label,
      ...costs[row].map((cost, i) => {
        const width = Math.max(1, cost * scale);
        const y = top + i * BAR;
        return `<rect x="${LEFT}" y="${y}" width="${width.toFixed(1)}" height="${BAR - 2}" fill="${COLORS[i]}"/><text x="${(LEFT + width + 5).toFixed(1)}" y="${y + 8}" font-size="9">${cost.toPrecision(2)}</text>`;
      }),
    ];
  });
  writeFileSync(
    join(ROOT, 'target', 'bench', 'speed.svg'),
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="12" role="img">
<title>Main-thread CPU time an event, in µs; shorter is better</title>
<style>text { fill: #1f2328 } @media (prefers-color-scheme: dark) { text { fill: #e6edf3 } }</style>
<text x="${LEFT}" y="18" font-size="14" font-weight="600">Main-thread CPU time an event, µs: shorter is better</text>
${[...legend, ...bars].join('\n')}
</svg>
`,
  );
}
