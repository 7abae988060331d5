// `npm run build`: the package, from Rust and TypeScript into dist/.
//
//   src/{parser,connection,web}  ─ wasm-pack ─▶  pkg/   ┐
//   src/npm                                             ┴─ esbuild ─▶  dist/

import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { main, npmPackages, ROOT, run, SetupError, wasmEnvironment } from './tools.mjs';

const PKG = join(ROOT, 'pkg');
const DIST = join(ROOT, 'dist');
/** As in `.cargo/config.toml`, which the variable below replaces. */
const RUST_FLAGS = '-Ctarget-feature=+simd128';
/**
 * Less inlining, panics without a text, and a stack (bytes) of a sixteenth of the usual size: nothing recurses.
 */
const SMALL =
  '-Cllvm-args=-inline-threshold=75 -Zunstable-options -Cpanic=immediate-abort -Clink-arg=-zstack-size=65536';

/** Texts of wasm-bindgen's in the module, of mistakes in our own calls. `buildGlue` leaves out what reads them. */
const UNREAD_TEXTS = [
  'attempted to take ownership of Rust value while it was borrowed',
  'recursive use of an object detected which would lead to unsafe aliasing in rust',
  'null pointer passed to rust',
];

/** Sets up what is needed, and builds. */
export async function build() {
  npmPackages();
  // Imported here, because npm has only now installed it.
  const esbuild = await import('esbuild');
  buildWasm();
  const names = minifyNames();
  blankUnreadTexts();
  await buildGlue(esbuild, names);
  rmSync(DIST, { recursive: true, force: true });
  await bundle(esbuild);
  cpSync(join(ROOT, 'src', 'npm', 'types'), DIST, { recursive: true });
  copyFileSync(join(PKG, 'eventsource.wasm'), join(DIST, 'eventsource.wasm'));
}

/**
 * The standard library is built along, without the text of panics and all that formats it: that makes
 * the module a third smaller. Stable Rust needs RUSTC_BOOTSTRAP to be allowed to.
 */
function buildWasm() {
  const { wasmPack, env } = wasmEnvironment();
  run(
    wasmPack,
    [
      'build',
      '--release',
      '--target',
      'web',
      '--out-dir',
      'pkg',
      '--no-pack',
      '--mode',
      'no-install',
      '--',
      '--no-default-features',
      '--features',
      'npm',
      '-Zbuild-std=std,panic_abort',
    ],
    {
      env: {
        ...env,
        RUSTC_BOOTSTRAP: '1',
        // As fast as 3 here, and smaller; "s" and "z" are larger once compressed.
        CARGO_PROFILE_RELEASE_OPT_LEVEL: '2',
        CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS: `${RUST_FLAGS} ${SMALL}`,
        CARGO_TARGET_DIR: join(ROOT, 'target', 'package'),
      },
    },
  );
}

/**
 * The module with one letter for each name of an import or export: wasm-bindgen's are long, and stand
 * in the JavaScript, too.
 * @returns {[string, string][]} the names, long and short
 */
function minifyNames() {
  const mapping = execFileSync(
    join(ROOT, 'node_modules', '.bin', 'wasm-opt'),
    [
      join(PKG, 'eventsource_wasm_bg.wasm'),
      '--output',
      join(PKG, 'eventsource.wasm'),
      '--minify-imports-and-exports-and-modules',
      '--reorder-functions',
      '--strip-producers',
      '--strip-target-features',
    ],
    { encoding: 'utf8' },
  );
  const { imports, exports } = JSON.parse(mapping);
  return [...imports.map(([, long, short]) => [long, short]), ...exports];
}

/** Zeros compress to nothing, where a text costs its length in the script. */
function blankUnreadTexts() {
  const file = join(PKG, 'eventsource.wasm');
  const module = readFileSync(file);
  for (const text of UNREAD_TEXTS) {
    let start = module.indexOf(text);
    if (start < 0)
      throw new SetupError(`The module has no "${text}": take it out of UNREAD_TEXTS in scripts/build.mjs.`);
    for (; start >= 0; start = module.indexOf(text)) module.fill(0, start, start + text.length);
  }
  writeFileSync(file, module);
}

/** wasm-bindgen's JavaScript as a function, so that none of it runs before it is needed. */
async function buildGlue(esbuild, names) {
  let glue = readFileSync(join(PKG, 'eventsource_wasm.js'), 'utf8');
  // Its own ways to load a module stay out.
  glue = glue.replace(
    /^export \{.*\};$/m,
    `export { __wbg_finalize_init as finish, getUint8ArrayMemory0 as getBytes };
export const imports = __wbg_get_imports();`,
  );
  for (const [long, short] of names) {
    // As an import it is the name of a property, as an export it is one of `wasm`.
    glue = glue.replaceAll(new RegExp(`(?<=^ +)${long}(?=:)|(?<=\\bwasm\\.)${long}\\b`, 'gm'), () => short);
  }
  glue = glue.replace('"./eventsource_wasm_bg.js"', 'a');
  // The only text that the module hands over would tell of a mistake in our own calls; what reads it stays out.
  glue = glue
    .replace('new Error(getStringFromWasm0(arg0, arg1))', 'new Error("wrong use of the module")')
    // A connection is always freed: it is kept until its source is closed.
    .replaceAll(/\bConnectionFinalization\.(un)?register\(.*\);/g, '')
    .replace(/^const ConnectionFinalization\b.*?\)\);$/ms, '')
    .replace(/^let cachedTextDecoder\b.*?^cachedTextDecoder\.decode\(\);$/ms, 'let cachedTextDecoder;')
    .replaceAll(/^if \(Symbol\.dispose\).*$/gm, '');
  const { outputFiles } = await esbuild.build({
    stdin: { contents: glue },
    bundle: true,
    format: 'esm',
    target: 'es2022',
    write: false,
  });
  const body = outputFiles[0].text.replace(/^export \{[^}]*\};$/m, (exports) =>
    exports.replace('export', 'return').replaceAll(/(\w+) as (\w+)/g, '$2: $1'),
  );
  writeFileSync(join(PKG, 'glue.js'), `export function createGlue() {\n${body}}\n`);
  // In hexadecimals, which compress far better than base64 (they keep the bytes apart), and which
  // browsers decode themselves.
  const module = readFileSync(join(PKG, 'eventsource.wasm'), 'hex');
  writeFileSync(join(PKG, 'module.js'), `export default ${JSON.stringify(module)};\n`);
}

async function bundle(esbuild) {
  const options = { absWorkingDir: ROOT, bundle: true, target: 'es2022', sourcemap: true, logLevel: 'warning' };
  const entry = (name, more) =>
    esbuild.build({
      ...options,
      format: 'esm',
      entryPoints: [`src/npm/${name}.ts`],
      outfile: `dist/${name}.js`,
      ...more,
    });
  await entry('index');
  await entry('slim');
  // It is to install the very class that an import gives.
  const auto = (outfile, index) => entry('auto', { outfile, plugins: [externalImport(/index\.js$/, index)] });
  await auto('dist/auto.js', './index.js');
  await auto('dist/auto-workerd.js', './workerd.js');
  await auto('dist/auto-edge-light.js', './edge-light.js');
  // The module is imported by the runtime; some want to be told that it is one.
  await entry('workerd', { plugins: [externalImport(/\.wasm$/, './eventsource.wasm')] });
  await entry('workerd', {
    outfile: 'dist/edge-light.js',
    plugins: [externalImport(/\.wasm$/, './eventsource.wasm?module')],
  });
  await esbuild.build({
    ...options,
    format: 'iife',
    entryPoints: ['src/npm/script.ts'],
    outfile: 'dist/eventsource.iife.min.js',
    minify: true,
  });
}

/** An esbuild plugin that leaves the import of a file to the runtime, by another path. */
const externalImport = (filter, path) => ({
  name: 'external-import',
  setup: (build) => build.onResolve({ filter }, () => ({ path, external: true })),
});

if (import.meta.url === pathToFileURL(process.argv[1]).href) await main(build);
