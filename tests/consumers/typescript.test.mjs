// The types in a strict project, whatever its library of types, and whether or not it checks those of its packages.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { run } from './support.mjs';

describe('TypeScript', () => {
  for (const skipLibCheck of ['true', 'false']) {
    for (const library of ['es2015,dom', 'esnext,dom', 'esnext,webworker']) {
      it(`has nothing to say with lib ${library} and skipLibCheck ${skipLibCheck}`, async () => {
        assert.equal(await run('typescript', 'tsc', '--lib', library, '--skipLibCheck', skipLibCheck), '');
      });
    }

    it(`has nothing to say in a project for Node.js with skipLibCheck ${skipLibCheck}`, async () => {
      const options = ['--project', 'tsconfig.node.json', '--skipLibCheck', skipLibCheck];
      assert.equal(await run('typescript', 'tsc', ...options), '');
    });
  }
});
