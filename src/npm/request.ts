// The requests that a source makes.

import { encodeUTF8 } from './text.js';
import { pageOrigin } from './url.js';

/**
 * Requests the stream. The header `Last-Event-ID` is sent where the last event ID is not empty; all
 * others are ones that need no CORS preflight.
 */
export function requestStream(
  url: string,
  withCredentials: boolean,
  lastEventId: string,
  signal: AbortSignal,
): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'text/event-stream' };
  if (lastEventId) headers['Last-Event-ID'] = toByteString(lastEventId);
  return fetch(url, { ...browserOptions('cors', withCredentials), headers, signal });
}

/**
 * Asks whether the server answers at all: a request that CORS does not apply to.
 *
 * It is rejected also where the response's Cross-Origin-Resource-Policy or the page's
 * Cross-Origin-Embedder-Policy keeps it from us: `fetch` does not tell.
 */
export function requestProbe(url: string, withCredentials: boolean, signal: AbortSignal): Promise<Response> {
  return fetch(url, { ...browserOptions('no-cors', withCredentials), signal });
}

/** What means something in pages and their workers only; other runtimes may refuse it. */
function browserOptions(mode: RequestMode, withCredentials: boolean): RequestInit {
  if (!pageOrigin()) return {};
  return { mode, credentials: withCredentials ? 'include' : 'same-origin', cache: 'no-store' };
}

/** [spec] The header's value is the text's UTF-8 encoding. `fetch` takes one character for each byte. */
function toByteString(text: string): string {
  return Array.from(encodeUTF8(text), (byte) => String.fromCharCode(byte)).join('');
}
