// The types in a strict project, whatever its library of types, and whether or not it checks those of its packages.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { run } from './support.mjs';

describe('TypeScript', () => {
  for (const library of ['es2015,dom', 'esnext,dom']) {
    for (const skipLibCheck of ['true', 'false']) {
      it(`has nothing to say with lib ${library} and skipLibCheck ${skipLibCheck}`, async () => {
        assert.equal(await run('typescript', 'tsc', '--lib', library, '--skipLibCheck', skipLibCheck), '');
      });
    }
  }
});
