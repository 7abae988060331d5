// MIGRATION.md: that its examples compile, its tables are complete, and its links lead somewhere.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { npmPackages, ROOT } from '../../scripts/tools.mjs';

const BENCH = join(ROOT, 'bench');
const TYPES = join(ROOT, 'src', 'npm', 'types');

/** Where each library declares its options. */
const OPTIONS = {
  "the browser's own EventSource": 'EventSourceInit',
  eventsource: `import('eventsource').EventSourceInit`,
  '@microsoft/fetch-event-source': `import('@microsoft/fetch-event-source').FetchEventSourceInit`,
  'sse.js': `import('sse.js').SSEOptions`,
  'reconnecting-eventsource': `import('reconnecting-eventsource').ReconnectingEventSourceInit`,
  'eventsource-client': `import('eventsource-client').EventSourceOptions`,
};

const guide = readFileSync(join(ROOT, 'MIGRATION.md'), 'utf8');
const prose = guide.replace(/^```.*?^```$/gms, '');
const headings = Array.from(prose.matchAll(/^#+ (.+)$/gm), ([, heading]) => heading);

/** The examples, each as it is with the lines of one sign, `-` or `+`: the code before or after the move. */
const examples = (sign) =>
  Array.from(guide.matchAll(/^```diff\n(.*?)^```$/gms), ({ 1: diff, index }) => ({
    name: `line-${guide.slice(0, index).split('\n').length}`,
    code: diff
      .split('\n')
      .filter((line) => line[0] === sign || line[0] === ' ')
      .map((line) => line.slice(1))
      .join('\n'),
  }));

/** The names in the table of a library's options. */
function optionsOf(library) {
  const section = prose.split(`\n## From ${library}\n`)[1].split('\n## ')[0];
  const [, rows] = /^### Options\n\n.+\n.+\n((?:\|.*\n)+)/m.exec(section);
  return Array.from(rows.matchAll(/^\| `(\w+)`/gm), ([, name]) => name);
}

/** The fragment by which GitHub finds a heading. */
const fragmentOf = (heading) =>
  `#${heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-')}`;

/** What TypeScript has to say about modules that import our types and those of the libraries. */
function compile(folder, modules) {
  const directory = join(ROOT, 'target', 'docs', folder);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  symlinkSync(join(BENCH, 'node_modules'), join(directory, 'node_modules'), 'junction');
  for (const { name, code } of modules) writeFileSync(join(directory, `${name}.ts`), code);
  // The one without types.
  writeFileSync(join(directory, 'untyped.d.ts'), `declare module 'event-source-polyfill';\n`);
  const compilerOptions = {
    strict: true,
    target: 'es2022',
    module: 'esnext',
    moduleResolution: 'bundler',
    moduleDetection: 'force',
    lib: ['es2022', 'dom', 'dom.iterable'],
    types: [],
    paths: { 'eventsource-wasm': [join(TYPES, 'index.d.ts')], 'eventsource-wasm/*': [join(TYPES, '*.d.ts')] },
    skipLibCheck: true,
    noEmit: true,
  };
  writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const { stdout, error } = spawnSync(process.execPath, [tsc, '--pretty', 'false'], {
    cwd: directory,
    encoding: 'utf8',
  });
  if (error) throw error;
  return stdout;
}

describe('MIGRATION.md', () => {
  before(() => {
    npmPackages();
    npmPackages(BENCH);
  });

  it('has an example for each library', () => {
    const sources = examples('-').concat(examples('+'));
    for (const library of [...Object.keys(OPTIONS).slice(1), 'event-source-polyfill', 'eventsource-wasm']) {
      assert.ok(
        sources.some(({ code }) => code.includes(`from '${library}'`)),
        `No example imports ${library}.`,
      );
    }
  });

  it('shows code that compiles after the move', () => {
    assert.equal(compile('after', examples('+')), '');
  });

  it('shows code that compiled before it', () => {
    assert.equal(compile('before', examples('-')), '');
  });

  it('has a row for each option that a library declares, and for no other', () => {
    const modules = Object.entries(OPTIONS).map(([library, type], index) => {
      const rows = optionsOf(library).map((option) => `${option}: true`);
      return {
        name: `options-${index}`,
        code: `// ${library}\nexport const rows: Record<keyof ${type}, true> = { ${rows.join(', ')} };\n`,
      };
    });
    assert.equal(compile('options', modules), '');
  });

  it('has a row for each option that event-source-polyfill, which declares none, reads', () => {
    const source = readFileSync(join(BENCH, 'node_modules', 'event-source-polyfill', 'src', 'eventsource.js'), 'utf8');
    const reader = source.slice(source.indexOf('function start(es, url, options)'));
    const read = Array.from(reader.matchAll(/\boptions\.(\w+)/g), ([, name]) => name);
    assert.deepEqual(optionsOf('event-source-polyfill').sort(), [...new Set(read)].sort());
  });

  it('links only to headings that it has', () => {
    const fragments = headings.map(fragmentOf);
    const links = Array.from(prose.matchAll(/\]\(([^)]+)\)/g), ([, target]) => target);
    assert.ok(links.length > 0);
    assert.deepEqual(
      links.filter((link) => !fragments.includes(link)),
      [],
    );
  });

  it('lists each of its sections in its table of contents', () => {
    const sections = Array.from(prose.matchAll(/^## (.+)$/gm), ([, heading]) => heading);
    const listed = Array.from(prose.matchAll(/^- \[(.+)\]\(#.+\)$/gm), ([, heading]) => heading);
    assert.deepEqual(listed, sections);
  });
});
