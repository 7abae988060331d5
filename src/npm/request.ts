// The requests that a source makes.

import { checkBody, checkHeaders, type Options } from './options.js';
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
  const { headers: given, method, body: givenBody, lastEventIdParam, fetch: givenFetch } = options.init;
  // Awaited only where there is a function: otherwise the request starts at once.
  const headers =
    typeof given === 'function' ? await call(async () => checkHeaders(await given())) : new Headers(given);
  const body = typeof givenBody === 'function' ? await call(() => makeBody(givenBody as () => BodyInit)) : givenBody;
  if (!headers.has('Accept')) headers.set('Accept', 'text/event-stream');
  let address = url;
  if (lastEventId && lastEventIdParam) address = withParam(url, lastEventIdParam, lastEventId);
  else if (lastEventId) headers.set('Last-Event-ID', toByteString(lastEventId));
  const init: RequestInit = { ...browserOptions('cors', options), headers, signal };
  if (method !== undefined) init.method = method;
  // Streams have to be announced.
  if (body !== undefined) Object.assign(init, { body, duplex: 'half' });
  // The source may have been closed meanwhile, and a fetch of the page's own may not heed the signal.
  signal.throwIfAborted();
  if (!givenFetch) return fetch(address, init);
  const response = await givenFetch(address, init);
  if (!response?.headers?.get) throw new CallbackError(new TypeError('the option fetch gave no Response'));
  return response;
}

/** The URL that a function of the page's own gives. @throws {CallbackError} */
export function askURL(callback: NonNullable<Options['init']['url']>): Promise<string> {
  return call(async () => {
    const url = parseURL(`${await callback()}`);
    if (whyNeverFetched(url)) throw new TypeError(`the option url gave ${url}, which can't be fetched`);
    return url.href;
  });
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

async function makeBody(callback: () => BodyInit | null | undefined | Promise<BodyInit | null | undefined>) {
  const body = await callback();
  if (body !== undefined && body !== null) checkBody(body);
  return body;
}

async function call<Value>(callback: () => Value | Promise<Value>): Promise<Value> {
  try {
    return await callback();
  } catch (error) {
    throw new CallbackError(error);
  }
}

/** The parameter takes the place of one that is there; all others stay as they are written. Without a value it goes. */
export function withParam(url: string, name: string, value: string): string {
  const parsed = new URL(url);
  const parts = parsed.search.slice(1).split('&');
  const kept = parts.filter((part) => part && !new URLSearchParams(part).has(name));
  parsed.search = (value ? [...kept, new URLSearchParams([[name, value]])] : kept).join('&');
  return parsed.href;
}

/** [spec] The header's value is the text's UTF-8 encoding. `fetch` takes one character for each byte. */
function toByteString(text: string): string {
  return Array.from(encodeUTF8(text), (byte) => String.fromCharCode(byte)).join('');
}
