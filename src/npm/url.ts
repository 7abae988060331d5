// Parsing a URL the way the constructor of an EventSource does: relative to the document or worker.

/** Hosts of these schemes are domains or IP addresses, in which nothing stays percent-encoded. */
const SPECIAL = /^(?:https?|wss?|ftp):$/;

/**
 * Encoding-parses a URL relative to the page's settings.
 * @throws {TypeError} when it is not a valid URL
 */
export function parseURL(url: string): URL {
  const document = globalThis.document as Document | undefined;
  let parsed = new URL(url, document?.baseURI ?? globalThis.location?.href);
  if (document && document.characterSet !== 'UTF-8') {
    // [spec] The query is encoded in the document's encoding, which only its elements know.
    const anchor = document.createElement('a');
    anchor.href = url;
    parsed = new URL(anchor.href);
  }
  // Chromium lets a space through as %20. An asterisk, as %2A, is the one it may encode.
  if (SPECIAL.test(parsed.protocol) && /%(?!2A)/i.test(parsed.hostname)) {
    throw new TypeError('Invalid URL: forbidden character in the host');
  }
  return parsed;
}
