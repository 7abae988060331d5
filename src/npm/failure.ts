// What the developer is told when a connection fails for good.

/** Why a connection fails. */
export type Cause = 'status' | 'content-type' | 'cors' | 'limit' | 'scheme' | 'credentials' | 'wasm' | 'engine';

/** What a policy has to allow for WebAssembly. */
export const CSP_ADVICE = "Where the page has a Content-Security-Policy, its script-src needs 'wasm-unsafe-eval'.";

/** The cause in a sentence; `response` is the one that was refused, `detail` an exception. */
export function explain(url: string, cause: Cause, response: Response | undefined, detail: unknown): string {
  return `EventSource of ${url} closed: ${reason(cause, response, detail)}`;
}

function reason(cause: Cause, response: Response | undefined, detail: unknown): string {
  switch (cause) {
    case 'status':
      return `the server answered with status ${response?.status} instead of 200.`;
    case 'content-type': {
      const type = response?.headers.get('Content-Type');
      return `the response's Content-Type is ${type ? `"${type}"` : 'missing'} instead of "text/event-stream".`;
    }
    case 'cors':
      return 'the server answers, but does not allow this origin to read it (CORS). It has to send Access-Control-Allow-Origin, and with credentials Access-Control-Allow-Credentials.';
    case 'limit':
      return 'an event grew past 128 MiB, or past what memory there is, without an end. It was given up to protect the page.';
    case 'scheme':
      return 'event streams come by http: and https: URLs only.';
    case 'credentials':
      return 'the URL contains a user name or password, which browsers do not allow in requests.';
    case 'wasm':
      return `WebAssembly could not be started (${detail}). ${CSP_ADVICE}`;
    case 'engine':
      return `its engine could not be started (${detail}).`;
  }
}

/** Tells the developer why; the browser's own `error` event does not. */
export function reportFailure(message: string, cause: Cause, response: Response | undefined): void {
  // [spec] 204 is how a server tells a client to stop: no mistake of anybody.
  if (cause === 'status' && response?.status === 204) return;
  console.error(message);
}
