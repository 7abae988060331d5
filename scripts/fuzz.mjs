// `npm run fuzz`: feeds parser and connection with whatever leads to code that was not reached before, and
// checks what holds for all of it (tests/support/any_*.rs).
//
//   npm run fuzz                        both targets, a minute each
//   npm run fuzz -- parser 600          one of them, for so long (seconds)
//   npm run fuzz -- parser FILE         one case again, such as a crash that was found
//   npm run fuzz -- minimise            takes over what was found into fuzz/corpus, as few cases as reach it all
//
// What is found stays in target/fuzz, and is where the next run starts, together with fuzz/corpus.

import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { cargoFuzz, main, ROOT, run, SetupError } from './tools.mjs';

const TARGETS = ['parser', 'connection'];
const OUTPUT = 'target/fuzz';
/** Longer cases (bytes) reach nothing more, and are slower and harder to read. */
const LONGEST = 512;

const filesOf = (folder) => readdirSync(folder).map((name) => `${folder}/${name}`);

function makeFolders(...folders) {
  for (const folder of folders) mkdirSync(folder, { recursive: true });
}

/** Runs `cargo fuzz` with AddressSanitizer, which stable Rust needs RUSTC_BOOTSTRAP for. */
function fuzz(command, target, files, libFuzzer) {
  run(
    cargoFuzz(),
    [
      command,
      '--target-dir',
      `${OUTPUT}/build`,
      target,
      ...files,
      ...(libFuzzer ? ['--', `-max_len=${LONGEST}`, ...libFuzzer] : []),
    ],
    { env: { ...process.env, RUSTC_BOOTSTRAP: '1' } },
  );
}

function search(target, seconds) {
  const [corpus, found, artifacts] = [
    `fuzz/corpus/${target}`,
    `${OUTPUT}/corpus/${target}`,
    `${OUTPUT}/artifacts/${target}`,
  ];
  const dictionary = `fuzz/${target}.dict`;
  makeFolders(corpus, found, artifacts);
  const known = new Set(filesOf(artifacts));
  try {
    fuzz(
      'run',
      target,
      [found, corpus],
      [
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
  const [corpus, found, kept] = ['fuzz/corpus', `${OUTPUT}/corpus`, `${OUTPUT}/minimised`].map(
    (folder) => `${folder}/${target}`,
  );
  rmSync(kept, { recursive: true, force: true });
  makeFolders(corpus, found, kept);
  fuzz('run', target, [kept, corpus, found], ['-merge=1']);
  rmSync(corpus, { recursive: true });
  cpSync(kept, corpus, { recursive: true });
  const sizes = filesOf(corpus).map((path) => statSync(path).size);
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  console.log(`\n${corpus}: ${sizes.length} cases, ${bytes} bytes.`);
}

await main(() => {
  process.chdir(ROOT);
  const [what, how = '60', ...more] = process.argv.slice(2);
  const targets = TARGETS.includes(what) ? [what] : TARGETS;
  if (what === 'minimise' && process.argv.length === 3) targets.forEach(minimise);
  else if (what !== undefined && targets.length > 1) {
    throw new SetupError(`There is no target "${what}"; there are: ${TARGETS.join(', ')}, and "minimise".`);
  } else if (more.length > 0) throw new SetupError(`"${more.join(' ')}" is too much: a target, and seconds or a file.`);
  else if (/^[1-9]\d*$/.test(how)) for (const target of targets) search(target, how);
  else if (existsSync(how)) fuzz('run', what, [how], []);
  else throw new SetupError(`"${how}" is neither a number of seconds nor a file.`);
});
