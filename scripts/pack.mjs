// Gives the package, packed as npm would publish it, to the projects in tests/consumers.

import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { npmPackages, ROOT, run } from './tools.mjs';

/** What `npm publish` would upload. */
export const TARBALL = join(ROOT, 'target', 'eventsource-wasm.tgz');

const CONSUMERS = join(ROOT, 'tests', 'consumers');

/** Packs what has been built, and installs it beside the projects' other packages. */
export function packIntoConsumers() {
  npmPackages(CONSUMERS);
  const folder = join(ROOT, 'target', 'packed');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  run('npm', ['pack', '--silent', '--pack-destination', folder], { shell: process.platform === 'win32' });
  renameSync(join(folder, readdirSync(folder)[0]), TARBALL);
  // Unpacking is all there is to installing a package without dependencies, and npm would take ten seconds.
  const installed = join(CONSUMERS, 'node_modules', 'eventsource-wasm');
  rmSync(installed, { recursive: true, force: true });
  mkdirSync(installed);
  run('tar', ['-xzf', TARBALL, '-C', installed, '--strip-components=1']);
}
