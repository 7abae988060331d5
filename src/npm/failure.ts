// What the console says when a connection fails for good.

import type { FailureCause } from '../../pkg/eventsource_wasm.js';

/** All causes: those of the engine, and that there is no engine. */
export type Cause = FailureCause | 'wasm';

const REASONS: Record<Cause, (detail: string) => string> = {
  status: (status) => `the server answered with status ${status} instead of 200.`,
  'content-type': (type) =>
    `the response's Content-Type is ${type ? `"${type}"` : 'missing'} instead of "text/event-stream".`,
  cors: () =>
    'the server answers, but does not allow this origin to read it (CORS). It has to send Access-Control-Allow-Origin, and with credentials Access-Control-Allow-Credentials.',
  scheme: () => 'event streams come by http: and https: URLs only.',
  credentials: () => 'the URL contains a user name or password, which browsers do not allow in requests.',
  limit: (size) =>
    `an event grew past ${size} MiB, or past what memory there is, without an end. It was given up to protect the page.`,
  wasm: (detail) =>
    `WebAssembly could not be started (${detail}). Where the page has a Content-Security-Policy, its script-src needs 'wasm-unsafe-eval'.`,
};

/** Tells the developer why; the standard's `error` event does not. */
export function reportFailure(url: string, cause: Cause, detail: string): void {
  // [spec] 204 is how a server tells a client to stop: no mistake of anybody.
  if (cause === 'status' && detail === '204') return;
  console.error(`EventSource of ${url} closed: ${REASONS[cause](detail)}`);
}
