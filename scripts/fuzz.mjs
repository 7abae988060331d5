// `npm run fuzz`: feeds parser and connection with whatever leads to code that was not reached before, and
// checks what holds for all of it (tests/support/any_*.rs).
//
//   npm run fuzz                        both targets, a minute each
//   npm run fuzz -- parser 600          one of them, for so long (seconds)
//   npm run fuzz -- parser FILE         one case again, such as a crash that was found
//   npm run fuzz -- minimise            takes over what was found into fuzz/corpus, as few cases as reach it all
//
// What is found stays in target/fuzz, and is where the next run starts, together with fuzz/corpus: a file for
// each target, a line for each case, in hexadecimals.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cargoFuzz, main, ROOT, run, SetupError } from './tools.mjs';

const TARGETS = ['parser', 'connection'];
const OUTPUT = 'target/fuzz';
/** Longer cases (bytes) reach nothing more, and are slower and harder to read; those of the corpus are cut to less. */
const LONGEST = 256;
const LONGEST_KEPT = 64;

const filesOf = (folder) => readdirSync(folder).map((name) => `${folder}/${name}`);

const corpusOf = (target) => `fuzz/corpus/${target}.txt`;

function makeFolders(...folders) {
  for (const folder of folders) mkdirSync(folder, { recursive: true });
}

/** Runs `cargo fuzz` with AddressSanitizer, which stable Rust needs RUSTC_BOOTSTRAP for. */
function fuzz(command, target, files, libFuzzer = []) {
  run(
    cargoFuzz(),
    [
      command,
      '--target-dir',
      `${OUTPUT}/build`,
      target,
      ...files,
      ...(libFuzzer.length > 0 ? ['--', ...libFuzzer] : []),
    ],
    { env: { ...process.env, RUSTC_BOOTSTRAP: '1' } },
  );
}

/** A folder with the cases of the corpus, as libFuzzer wants them. */
function unpack(target) {
  const folder = `${OUTPUT}/unpacked/${target}`;
  rmSync(folder, { recursive: true, force: true });
  makeFolders(folder);
  const lines = readFileSync(corpusOf(target), 'utf8').trimEnd().split('\n');
  for (const [index, line] of lines.entries()) writeFileSync(`${folder}/${index}`, line, 'hex');
  return folder;
}

function search(target, seconds) {
  const [found, artifacts] = [`${OUTPUT}/corpus/${target}`, `${OUTPUT}/artifacts/${target}`];
  const dictionary = `fuzz/${target}.dict`;
  makeFolders(found, artifacts);
  const known = new Set(filesOf(artifacts));
  try {
    fuzz(
      'run',
      target,
      [found, unpack(target)],
      [
        `-max_len=${LONGEST}`,
        `-max_total_time=${seconds}`,
        `-artifact_prefix=${artifacts}/`,
        '-timeout=10',
        '-print_final_stats=1',
        ...(existsSync(dictionary) ? [`-dict=${dictionary}`] : []),
      ],
    );
  } catch (error) {
    const file = filesOf(artifacts).find((path) => !known.has(path));
    if (!file) throw error;
    fuzz('fmt', target, [file]);
    throw new SetupError(
      `The ${target} breaks a rule: see the message above. The case is ${file}; "npm run fuzz -- ${target} ${file}" runs it again.`,
    );
  }
}

function minimise(target) {
  const [found, kept] = [`${OUTPUT}/corpus/${target}`, `${OUTPUT}/kept/${target}`];
  rmSync(kept, { recursive: true, force: true });
  makeFolders(found, kept);
  fuzz('run', target, [kept, unpack(target), found], ['-set_cover_merge=1', `-max_len=${LONGEST_KEPT}`]);
  const lines = filesOf(kept).map((path) => readFileSync(path, 'hex'));
  lines.sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
  writeFileSync(corpusOf(target), `${lines.join('\n')}\n`);
  console.log(`\n${corpusOf(target)} has ${lines.length} cases.`);
}

await main(() => {
  process.chdir(ROOT);
  const [what, how = '60', ...more] = process.argv.slice(2);
  const targets = TARGETS.filter((target) => [undefined, 'minimise', target].includes(what));
  if (targets.length === 0) {
    throw new SetupError(`There is no target "${what}"; there are: ${TARGETS.join(', ')}. "minimise" is for all.`);
  }
  if (more.length > 0) throw new SetupError(`"${more[0]}" is too much after a target and its seconds, or a file.`);
  if (what === 'minimise') targets.forEach(minimise);
  else if (/^[1-9]\d*$/.test(how)) for (const target of targets) search(target, how);
  else if (existsSync(how)) fuzz('run', what, [how]);
  else throw new SetupError(`"${how}" is neither a number of seconds nor a file.`);
});
