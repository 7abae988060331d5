// README.md: each of its fenced blocks does what it says.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ROOT } from '../../scripts/tools.mjs';
import { readSnippets, startRunner } from './snippets.mjs';

const snippets = readSnippets(readFileSync(join(ROOT, 'README.md'), 'utf8'));

describe('README.md', { concurrency: 2 }, () => {
  let runner;
  before(async () => {
    runner = await startRunner();
  });
  after(() => runner?.stop());

  it('has something to run', () => assert.notEqual(snippets.length, 0));

  for (const { language, line, ...rest } of snippets) {
    it(`has ${language || 'nothing'} in line ${line} that works`, () => runner.run({ language, line, ...rest }));
  }
});
