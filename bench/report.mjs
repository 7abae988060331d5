// What every measurement ends in: a table on the screen, and the same figures as JSON in target/bench/.

import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../scripts/tools.mjs';

/**
 * @param {string} name of the JSON file
 * @param {{ unit: string, rows: Record<string, string | number | null>[] }} result
 */
export function report(name, result) {
  const machine = { date: new Date().toISOString(), cores: cpus().length, processor: cpus()[0].model.trim() };
  const { unit, rows, ...facts } = { ...machine, ...result };
  const folder = join(ROOT, 'target', 'bench');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify({ ...facts, unit, rows }, null, 2)}\n`);

  console.log(`\n${name} (${unit})`);
  for (const [fact, value] of Object.entries(facts)) if (typeof value !== 'object') console.log(`  ${fact}: ${value}`);
  console.log(`\n${table(rows)}\n`);
}

/** Rows as text, numbers to the right. */
function table(rows) {
  const columns = Object.keys(rows[0]);
  const cell = (value) => (typeof value === 'number' ? value.toLocaleString('en') : (value ?? ''));
  const width = (column) => Math.max(column.length, ...rows.map((row) => cell(row[column]).length));
  const widths = columns.map(width);
  const line = (cells, isRight) =>
    cells
      .map((text, i) => (isRight(i) ? text.padStart(widths[i]) : text.padEnd(widths[i])))
      .join('  ')
      .trimEnd();
  const isNumber = (i) => rows.some((row) => typeof row[columns[i]] === 'number');
  return [columns, ...rows.map((row) => columns.map((column) => cell(row[column])))]
    .map((cells) => line(cells, isNumber))
    .join('\n');
}

/** The middle of some numbers, and how far most of them are from it: the middle half. */
export function summary(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const at = (share) => {
    const index = (sorted.length - 1) * share;
    const [low, high] = [sorted[Math.floor(index)], sorted[Math.ceil(index)]];
    return low + (high - low) * (index % 1);
  };
  return { median: at(0.5), low: at(0.25), high: at(0.75), rounds: sorted.length };
}
