// URLs as the constructor of an EventSource takes them: relative to the document or worker.

const NOT_ASCII = /[^\0-\x7f]/;

/** Hosts of these schemes are domains or IP addresses, in which nothing stays percent-encoded. */
const SPECIAL = /^(?:https?|wss?|ftp):$/;

/**
 * Encoding-parses a URL relative to the page's settings.
 * @throws {TypeError} when it is not a valid URL
 */
export function parseURL(url: string): URL {
  const document = pageDocument();
  const base = document?.baseURI ?? globalThis.location?.href;
  let parsed = new URL(url, base);
  if (NOT_ASCII.test(url) && document && document.characterSet !== 'UTF-8') {
    // [spec] The query is encoded in the document's encoding, which only its elements know.
    const anchor = document.createElementNS('http://www.w3.org/1999/xhtml', 'a') as HTMLAnchorElement;
    anchor.href = url;
    parsed = new URL(anchor.href);
  }
  const { hostname, protocol, username } = parsed;
  // Chromium lets a space through as %20. An asterisk, as %2A, is the one it may encode.
  if (hostname.includes('%') && SPECIAL.test(protocol) && /%(?!2A)/i.test(hostname)) {
    throw new TypeError('Invalid URL: forbidden character in the host');
  }
  if (username && base) dropCredentialsOf(new URL(base), parsed);
  return parsed;
}

/** The document, if this is a window: workers may have something else of that name. */
function pageDocument(): Document | undefined {
  return typeof Document === 'function' && globalThis.document instanceof Document ? globalThis.document : undefined;
}

/**
 * Where the page itself was opened with a user name and a password in its URL, some browsers hand
 * them on to relative URLs, which fetch then refuses. It knows them without that.
 */
function dropCredentialsOf(base: URL, parsed: URL): void {
  if (base.origin !== parsed.origin || base.username !== parsed.username || base.password !== parsed.password) return;
  parsed.username = '';
  parsed.password = '';
}

/** Why a URL can never be fetched, if so. */
export function whyNeverFetched({ protocol, username, password }: URL): 'scheme' | 'credentials' | undefined {
  if (protocol !== 'http:' && protocol !== 'https:') return 'scheme';
  return username || password ? 'credentials' : undefined;
}

/** Whether a URL is this machine's own, which needs no network. */
export function isLoopback(url: string): boolean {
  return /^https?:\/\/(?:localhost|[^/:]+\.localhost|127\.[\d.]+|\[::1\])(?:[:/]|$)/.test(url);
}

/** Whether CORS applies to a URL, as far as its origin tells. */
export function isCrossOrigin(url: string): boolean {
  const origin = pageOrigin();
  return origin !== undefined && origin !== originOf(url);
}

/** The origin of an absolute URL; empty where it is none: a page may have replaced `fetch`. */
export function originOf(url: string): string {
  try {
    return new URL(url).origin;
  } catch {
    return '';
  }
}

/**
 * The origin of the page or worker, as `URL.origin` gives it; "null" where it is opaque, `undefined`
 * outside of browsers.
 */
export function pageOrigin(): string | undefined {
  // A variable of the page's own may stand before the getter.
  const getter = Object.getOwnPropertyDescriptor(globalThis, 'origin')?.get;
  return getter ? getter.call(globalThis) : globalThis.location?.origin;
}
