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

/** Rows as text, figures to the right, without columns where there is nothing. */
export function table(rows) {
  const columns = Object.keys(rows[0]).filter((column) => rows.some((row) => row[column] !== null));
  const lines = [columns, ...rows.map((row) => columns.map((column) => text(row[column])))];
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i].length)));
  const isFigure = columns.map((_, i) => lines.slice(1).every((line) => /^[-\d]|^$/.test(line[i])));
  return lines
    .map((line) => line.map((cell, i) => (isFigure[i] ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join('  '))
    .join('\n');
}

const text = (value) => (typeof value === 'number' ? value.toLocaleString('en') : String(value ?? ''));

/** The number below which this share of some numbers is. */
export function quantile(numbers, share) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const [low, high] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  return low + (high - low) * (place % 1);
}

export const median = (numbers) => quantile(numbers, 0.5);

/** The median, and how far the middle half reaches, as text. */
export function spread(numbers, digits = 1) {
  const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => text(Number(quantile(numbers, share).toFixed(digits))));
  return `${middle} (${low}–${high})`;
}
