// Why a connection fails, for the page and for the developer.

import type { EventSourceFailure } from './types/EventSource.js';

/** Why a connection, or an attempt of it, fails. */
export type Cause = EventSourceFailure['cause'];

/** A failure before it is told: not every one is followed by the question for another attempt. */
export type Failure = {
  cause: Cause;
  /** What else the developer should know. */
  remark?: string;
} & { -readonly [Name in keyof EventSourceFailure]?: EventSourceFailure[Name] };

/** What a policy has to allow for WebAssembly. */
export const CSP_ADVICE = "Where the page has a Content-Security-Policy, its script-src needs 'wasm-unsafe-eval'.";

/** What for-await loops throw where a source has failed for good. */
export class EventSourceError extends Error {
  constructor(failure: EventSourceFailure) {
    super(failure.message);
    this.name = 'EventSourceError';
    Object.assign(this, failure);
  }
}

/** The failure as pages see it, with its sentence. */
export function toPublic(url: string, failure: Failure): EventSourceFailure {
  const { remark = '', ...told } = failure;
  const { willRetry = false, delay, attempt = 0 } = told;
  const next = willRetry ? ` Attempt ${attempt} follows in ${delay} ms.` : remark;
  const message = `EventSource of ${url} ${willRetry ? 'is interrupted' : 'closed'}: ${reason(failure)}${next}`;
  const shown = { ...told, message, willRetry, attempt };
  if (!willRetry) delete shown.delay;
  return shown;
}

function reason({ cause, status, headers, error }: Failure): string {
  switch (cause) {
    case 'status':
      return `the server answered with status ${status} instead of 200.`;
    case 'content-type': {
      const type = headers?.get('Content-Type');
      return `the response's Content-Type is ${type ? `"${type}"` : 'missing'} instead of "text/event-stream".`;
    }
    case 'cors':
      return 'the server answers, but does not allow this origin to read it (CORS). It has to send Access-Control-Allow-Origin, and with credentials Access-Control-Allow-Credentials.';
    case 'limit':
      return 'an event grew past 128 MiB, or past the memory there is, without an end.';
    case 'network':
      return `a network error (${error}).`;
    case 'ended':
      return 'the stream ended.';
    case 'timeout':
      return 'nothing came from the server for too long.';
    case 'aborted':
      return `the request was aborted (${error}).`;
    case 'callback':
      return `a function among the options has thrown (${error}).`;
    case 'validation':
      return 'the option validate did not accept the response.';
    case 'scheme':
      return 'event streams come by http: and https: URLs only.';
    case 'credentials':
      return 'the URL contains a user name or password, which browsers do not allow in requests.';
    case 'wasm':
      return `WebAssembly could not be started (${error}). ${CSP_ADVICE}`;
    case 'engine':
      return `its engine could not be started (${error}).`;
  }
}

/** Reports what code of the page has thrown, as the browser does for listeners. */
export function reportException(error: unknown): void {
  // Node.js has no reportError.
  (globalThis.reportError ?? console.error)(error);
}

/** Whether it is an end that somebody wanted: the server, by its status 204 or by ending an answer. */
export function isOrderly({ cause, status }: Failure): boolean {
  // [spec] 204 is how a server tells a client to stop.
  return cause === 'ended' || status === 204;
}

/** Tells the developer why a connection has failed for good; the browser's own `error` event does not. */
export function reportFailure(failure: EventSourceFailure): void {
  if (!isOrderly(failure)) console.error(failure.message);
}
