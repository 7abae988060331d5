// Builds and runs the axum test server (tests/server).

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ROOT, run, SetupError } from './tools.mjs';

/** Builds the server; it runs natively. */
export function buildServer() {
  run('cargo', ['build', '--release', '--quiet', '--package', 'test-server']);
}

/**
 * Starts the server on a port of this machine (0: any free one), with the static files of a folder;
 * if `secure`, on another one by HTTPS, too.
 * @returns {Promise<{ url: string, secureUrl?: string, stop: () => Promise<void>, ended: Promise<void> }>}
 */
export async function startServer({ port = 0, root = ROOT, secure = false } = {}) {
  const program = join(ROOT, 'target', 'release', process.platform === 'win32' ? 'test-server.exe' : 'test-server');
  const args = ['--port', String(port), '--root', root, ...(secure ? ['--secure-port', '0'] : [])];
  const server = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(server, 'exit').then(() => {});
  // The server never outlives us.
  const kill = () => server.kill('SIGKILL');
  process.once('exit', kill);
  ended.then(() => process.removeListener('exit', kill));
  const urls = await new Promise((resolve, reject) => {
    let secureUrl;
    createInterface({ input: server.stdout }).on('line', (line) => {
      const [, url, scheme] = /^listening on ((https?):\S+)$/.exec(line) ?? [];
      if (scheme === 'https') secureUrl = url;
      if (scheme === 'http') resolve({ url, secureUrl });
    });
    server.once('error', reject);
    server.once('exit', (code) =>
      reject(
        new SetupError(`The test server could not start on port ${port} (exit code ${code}). Is the port in use?`),
      ),
    );
  });
  const stop = () => {
    server.kill('SIGTERM');
    return ended;
  };
  return { ...urls, stop, ended };
}

/** The preferred port if it is free, else any free one. */
export async function freePort(preferred) {
  for (const port of [preferred, 0]) {
    const probe = createServer();
    try {
      probe.listen(port, '127.0.0.1');
      await once(probe, 'listening');
      return probe.address().port;
    } catch {
      // Taken; the next one.
    } finally {
      probe.close();
    }
  }
  throw new SetupError('No free port on this machine.');
}
