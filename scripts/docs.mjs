// `npm run docs`: the API reference, from the comments in src/npm/types into docs/api/.

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { main, npmPackages, ROOT, run } from './tools.mjs';

/** Sets up what is needed, and generates; a member without a comment is an error. */
export function generateDocs() {
  const folder = join(ROOT, 'docs');
  npmPackages(folder);
  run(process.execPath, [join('node_modules', 'typedoc', 'bin', 'typedoc')], { cwd: folder });
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await main(generateDocs);
