// A block that does not work, or that nobody knows how to run, does not pass.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { readSnippets, startRunner } from './snippets.mjs';

const OPEN = `import { EventSource } from 'eventsource-wasm';\nconst source = new EventSource`;

/** Blocks by what is wrong with them, and what is said of it. */
const WRONG = {
  'in a language that is not known': ['cobol', 'STOP RUN.', /nobody knows how to run cobol/],
  'without a language': ['', 'npm install', /nobody knows how to run block without a language/],
  'for a place that is not known': ['js', `${OPEN}('/events');`, /nobody knows how to run js to run: deno/, 'deno'],
  'that is not JavaScript': ['js', 'const = 1;', /Unexpected|Expected/],
  'that imports what does not exist': ['js', `import { Nothing } from 'eventsource-wasm'; new Nothing();`, /Nothing/],
  'that throws': ['js', `throw new Error('it does not work');`, /it does not work/],
  "that uses the browser's own class": ['js', `new EventSource('/events');`, /EventSource is not defined/],
  'with a type error': ['ts', `export const text: string = 1;`, /TS2322/],
  'whose stream does not exist': ['js', `${OPEN}('/nowhere');`, /404/],
  'that rejects': ['js', `Promise.reject(new Error('it does not work'));`, /it does not work/],
  'that asks for a file which is not in the package': [
    'html',
    `<script src="https://unpkg.com/eventsource-wasm/dist/nothing.js"></script>`,
    /404/,
  ],
  'that opens sources without WebAssembly': ['http', `Content-Security-Policy: script-src 'self'`, /wasm-unsafe-eval/],
  'of a header that nobody sends': ['http', 'X-Powered-By: wasm', /X-Powered-By/],
  'with a command that does not exist': ['sh', 'npm run nothing', /no command "npm run nothing"/],
  'for Node.js that throws': [
    'js',
    `console.log(1);\nthrow new Error('it does not work');`,
    /it does not work/,
    'node',
  ],
  'for Node.js that shows nothing': ['js', `${OPEN}('http://localhost:8000/events');`, /has to log/, 'node'],
};

describe('a block', () => {
  let runner;
  before(async () => {
    runner = await startRunner();
  });
  after(() => runner?.stop());

  let line = 0;
  for (const [what, [language, code, message, where]] of Object.entries(WRONG)) {
    it(`${what} fails`, () => assert.rejects(runner.run({ language, code, line: ++line, where }), message));
  }
});

it('reads the blocks of a file, with the lines of their code and the comments above them', () => {
  const blocks = ['```js', 'a', '', 'b', '```', '<!-- run: node -->', '', '~~~js', '```', '~~~', '```text', 'c', '```'];
  assert.deepEqual(readSnippets(blocks.join('\n')), [
    { language: 'js', code: 'a\n\nb', line: 2, where: undefined },
    { language: 'js', code: '```', line: 9, where: 'node' },
  ]);
});
