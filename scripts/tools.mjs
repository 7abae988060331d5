// What the project needs on a machine, and how each piece gets there.
//
// Every function first looks for the piece and returns at once when it is there, so a second run
// does no set-up work. What is missing is installed the ordinary way; where that way is closed (no
// access to Rust's download servers), Debian's packages are the way round. What can't be installed
// ends in one sentence that says what to do.

import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

const TARGET = 'wasm32-unknown-unknown';
/** The name that Debian's Rust gets as a rustup toolchain. */
const DEBIAN_TOOLCHAIN = 'debian';
/** Tools that cargo builds for us stand apart, so that nobody's own versions are replaced. */
const CARGO_TOOLS = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'eventsource-wasm');

/** A problem that the reader of the message can solve; shown without a stack. */
export class SetupError extends Error {}

/** Runs a command with its output shown; throws a sentence when it fails. */
export function run(command, args, options = {}) {
  console.log(`> ${[command, ...args].join(' ')}`);
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit', ...options });
  if (error || status !== 0) {
    throw new SetupError(`${command} ${args[0] ?? ''} failed (${error?.message ?? `exit code ${status}`}).`);
  }
}

/** What a command prints, trimmed, or null when it is missing or fails. */
function output(command, args, options = {}) {
  try {
    return execFileSync(command, args, {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      ...options,
    }).trim();
  } catch {
    return null;
  }
}

/** The first of these programs that is on PATH (or is an existing file), or null. */
function which(...names) {
  const folders = [join(CARGO_TOOLS, 'bin'), ...(process.env.PATH ?? '').split(delimiter)];
  const endings = process.platform === 'win32' ? ['.exe', '.cmd'] : [''];
  for (const name of names.filter(Boolean)) {
    if (name.includes('/') && existsSync(name)) return name;
    for (const folder of folders) {
      for (const ending of endings) {
        if (folder && existsSync(join(folder, name + ending))) return join(folder, name + ending);
      }
    }
  }
  return null;
}

const isDebianRoot = () => process.getuid?.() === 0 && which('apt-get') !== null;

let aptIsFresh = false;
function aptInstall(...packages) {
  if (!isDebianRoot()) {
    throw new SetupError(
      `Missing: ${packages.join(', ')}. Install ${packages.length > 1 ? 'them' : 'it'} with your system's package manager and run the command again.`,
    );
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  if (!aptIsFresh) run('apt-get', ['update', '-qq'], { env });
  aptIsFresh = true;
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], { env });
}

/** The npm packages of a folder's lock file, by `npm ci`, when they are not there or the lock file is newer. */
export function npmPackages(folder = ROOT) {
  const installed = join(folder, 'node_modules', '.installed-lock.json');
  const lock = readFileSync(join(folder, 'package-lock.json'), 'utf8');
  if (existsSync(installed) && readFileSync(installed, 'utf8') === lock) return;
  run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder, shell: process.platform === 'win32' });
  writeFileSync(installed, lock);
}

/**
 * A Rust toolchain that can build for wasm, and build the standard library itself.
 * @returns {Record<string, string>} the environment in which cargo and wasm-pack use it
 */
export function wasmToolchain() {
  if (!which('cargo'))
    throw new SetupError('Rust is missing. Install it from https://rustup.rs and run the command again.');
  const canBuild = (env) => {
    const sysroot = output('rustc', ['--print', 'sysroot'], { env: { ...process.env, ...env } });
    if (!sysroot || !existsSync(join(sysroot, 'lib', 'rustlib', 'src', 'rust', 'library', 'Cargo.lock'))) return false;
    const libraries = join(sysroot, 'lib', 'rustlib', TARGET, 'lib');
    return existsSync(libraries) && readdirSync(libraries).some((name) => name.startsWith('libtest-'));
  };
  const debian = { RUSTUP_TOOLCHAIN: DEBIAN_TOOLCHAIN };
  if (canBuild({})) return {};
  if (canBuild(debian)) return debian;
  // Where the download servers can't be reached, rustup would retry for minutes.
  spawnSync('rustup', ['target', 'add', TARGET], { stdio: 'inherit', timeout: 20_000 });
  spawnSync('rustup', ['component', 'add', 'rust-src'], { stdio: 'inherit', timeout: 20_000 });
  if (canBuild({})) return {};
  if (!isDebianRoot() || !which('rustup')) {
    throw new SetupError(
      `Rust's ${TARGET} target or the source of its standard library is missing and could not be downloaded. Run "rustup target add ${TARGET}" and "rustup component add rust-src" with a network connection.`,
    );
  }
  debianWasmToolchain();
  return debian;
}

/** Debian's rustc and its standard-library source, from which the library for wasm is built once. */
function debianWasmToolchain() {
  aptInstall('rustc-web', 'cargo-web', 'rust-web-src', 'rust-web-llvm', 'lld-22');
  run('rustup', ['toolchain', 'link', DEBIAN_TOOLCHAIN, '/usr']);
  const folder = mkdtempSync(join(tmpdir(), 'wasm-std-'));
  try {
    mkdirSync(join(folder, 'src'));
    writeFileSync(join(folder, 'src', 'lib.rs'), '#![no_std]\n');
    writeFileSync(
      join(folder, 'Cargo.toml'),
      '[package]\nname = "empty"\nversion = "0.0.0"\nedition = "2021"\n[profile.release]\npanic = "abort"\n[workspace]\n',
    );
    const env = {
      ...process.env,
      RUSTC_BOOTSTRAP: '1',
      RUSTUP_TOOLCHAIN: DEBIAN_TOOLCHAIN,
      CARGO_TARGET_DIR: join(folder, 'target'),
    };
    run('cargo', ['build', '--release', '-Zbuild-std=std,panic_abort,test', '--target', TARGET], { cwd: folder, env });
    const built = join(folder, 'target', TARGET, 'release', 'deps');
    const libraries = join('/usr/lib/rustlib', TARGET, 'lib');
    // A second copy of a library beside the first breaks every build.
    rmSync(libraries, { recursive: true, force: true });
    mkdirSync(libraries, { recursive: true });
    for (const name of readdirSync(built)) {
      if (name.endsWith('.rlib') && !name.startsWith('libempty-')) cpSync(join(built, name), join(libraries, name));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The environment in which clippy checks the code for wasm. */
export function wasmClippy() {
  const env = { ...process.env, ...wasmToolchain() };
  if (output('cargo', ['clippy', '--version'], { env }) === null) {
    if (env.RUSTUP_TOOLCHAIN !== DEBIAN_TOOLCHAIN)
      throw new SetupError('clippy is missing. Run "rustup component add clippy".');
    aptInstall('rust-web-clippy');
  }
  return env;
}

/** Builds a command line tool with cargo, unless a copy that `fits` is there. */
function cargoTool(program, { crate = program, version, locked = true }) {
  const fits = (path) => path && (!version || output(path, ['--version'])?.split(' ')[1] === version);
  const found = which(program);
  if (fits(found)) return found;
  const cached = join(CARGO_TOOLS, 'bin', program);
  if (existsSync(cached) && fits(cached)) return cached;
  console.log(`Building ${crate}; this takes a few minutes, once.`);
  run('cargo', [
    'install',
    crate,
    '--root',
    CARGO_TOOLS,
    ...(version ? ['--version', version] : []),
    ...(locked ? ['--locked'] : []),
  ]);
  return cached;
}

/** cargo-fuzz, for a toolchain that has AddressSanitizer and a C++ compiler, of which libFuzzer is built. */
export function cargoFuzz() {
  if (!which('cargo'))
    throw new SetupError('Rust is missing. Install it from https://rustup.rs and run the command again.');
  const libraries = output('rustc', ['--print', 'target-libdir']);
  if (!libraries || !readdirSync(libraries).some((name) => /^librustc.*_rt\.asan\./.test(name))) {
    throw new SetupError(
      'This Rust toolchain comes without AddressSanitizer. Use one of rustup\'s, on Linux (glibc) or macOS: "rustup default stable".',
    );
  }
  if (!which(process.env.CXX, 'c++', 'g++', 'clang++')) aptInstall('g++');
  return cargoTool('cargo-fuzz', { version: '0.13.2' });
}

/** wasm-pack, and the wasm-bindgen command of exactly the version that Cargo.lock names. */
export function wasmPack() {
  const lock = readFileSync(join(ROOT, 'Cargo.lock'), 'utf8');
  const version = /name = "wasm-bindgen"\nversion = "([^"]+)"/.exec(lock)[1];
  // Not --locked: its lock file may name a crate version that has been withdrawn.
  const bindgen = cargoTool('wasm-bindgen', { crate: 'wasm-bindgen-cli', version, locked: false });
  return { wasmPack: cargoTool('wasm-pack', {}), wasmBindgen: bindgen };
}

/** The environment in which wasm-pack finds every tool: the toolchain, wasm-bindgen, wasm-opt. */
export function wasmEnvironment() {
  const toolchain = wasmToolchain();
  const { wasmPack: command, wasmBindgen } = wasmPack();
  const path = [join(wasmBindgen, '..'), join(ROOT, 'node_modules', '.bin'), process.env.PATH].join(delimiter);
  return { wasmPack: command, env: { ...process.env, ...toolchain, PATH: path } };
}

/**
 * Chromium and Firefox with their WebDrivers. The variables CHROMIUM, CHROMEDRIVER, FIREFOX and
 * GECKODRIVER name others than those found.
 */
export function browsers() {
  const { env } = process;
  const find = {
    chromium: () => which(env.CHROMIUM, 'chromium', 'chromium-browser', 'google-chrome'),
    chromedriver: () => which(env.CHROMEDRIVER, 'chromedriver'),
    firefox: () => which(env.FIREFOX, 'firefox-esr', 'firefox'),
  };
  const packages = { chromium: 'chromium', chromedriver: 'chromium-driver', firefox: 'firefox-esr' };
  const missing = Object.keys(find).filter((name) => !find[name]());
  if (missing.length > 0) aptInstall(...missing.map((name) => packages[name]));
  return {
    chromium: find.chromium(),
    chromedriver: find.chromedriver(),
    firefox: find.firefox(),
    geckodriver: which(env.GECKODRIVER) ?? cargoTool('geckodriver', {}),
  };
}

/** How Chromium is started without a window; its sandbox does not start for root. */
export const CHROMIUM_ARGUMENTS = [
  '--headless',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
];

/** Runs a script's main function; a `SetupError` is one sentence and exit code 1. */
export async function main(body) {
  try {
    await body();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(`\n${error.message}`);
    process.exitCode = 1;
  }
}
