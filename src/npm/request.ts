// The requests that a source makes.

import { checkHeaders, type Options } from './options.js';
import { encodeUTF8 } from './text.js';
import { pageOrigin, parseURL, whyNeverFetched } from './url.js';

/** What a function of the page has thrown. */
export class CallbackError {
  constructor(readonly error: unknown) {}
}

/**
 * Requests the stream. Without options of the page's own, all headers are ones that need no CORS preflight, but
 * for `Last-Event-ID`, which is sent where the last event ID is not empty.
 *
 * @throws {CallbackError}
 */
export async function requestStream(
  url: string,
  lastEventId: string,
  options: Options,
  signal: AbortSignal,
): Promise<Response> {
  const { url: getURL, headers: given, method, body: givenBody, lastEventIdParam, fetch: givenFetch } = options.init;
  // Awaited only where there is a function: otherwise the request starts at once.
  let address = getURL ? await call(async () => checkURL(await getURL())) : url;
  const headers =
    typeof given === 'function' ? await call(async () => checkHeaders(await given())) : new Headers(given);
  const body = typeof givenBody === 'function' ? await call(givenBody) : givenBody;
  if (!headers.has('Accept')) headers.set('Accept', 'text/event-stream');
  if (lastEventId && lastEventIdParam) address = withParam(address, lastEventIdParam, lastEventId);
  else if (lastEventId) headers.set('Last-Event-ID', toByteString(lastEventId));
  const init: RequestInit = { ...browserOptions('cors', options), headers, signal };
  if (method !== undefined) init.method = method;
  // Streams have to be announced.
  if (body !== undefined) Object.assign(init, { body, duplex: 'half' });
  return givenFetch ? givenFetch(address, init) : fetch(address, init);
}

/**
 * Asks whether the server answers at all: a request that CORS does not apply to.
 *
 * It is rejected also where the response's Cross-Origin-Resource-Policy or the page's
 * Cross-Origin-Embedder-Policy keeps it from us: `fetch` does not tell.
 */
export function requestProbe(url: string, options: Options, signal: AbortSignal): Promise<Response> {
  return fetch(url, { ...browserOptions('no-cors', options), signal });
}

/** What means something in pages and their workers only; other runtimes may refuse it. */
function browserOptions(mode: RequestMode, { credentials }: Options): RequestInit {
  return pageOrigin() ? { mode, credentials, cache: 'no-store' } : {};
}

async function call<Value>(callback: () => Value | Promise<Value>): Promise<Value> {
  try {
    return await callback();
  } catch (error) {
    throw new CallbackError(error);
  }
}

function checkURL(given: string | URL): string {
  const url = parseURL(`${given}`);
  if (whyNeverFetched(url)) throw new TypeError(`The option url gave ${url}, which can't be fetched.`);
  return url.href;
}

/** The parameter takes the place of one that is there; all others stay as they are written. */
function withParam(url: string, name: string, value: string): string {
  const parsed = new URL(url);
  if (parsed.searchParams.has(name)) parsed.searchParams.set(name, value);
  else parsed.search += `${parsed.search ? '&' : '?'}${new URLSearchParams([[name, value]])}`;
  return parsed.href;
}

/** [spec] The header's value is the text's UTF-8 encoding. `fetch` takes one character for each byte. */
function toByteString(text: string): string {
  return Array.from(encodeUTF8(text), (byte) => String.fromCharCode(byte)).join('');
}
