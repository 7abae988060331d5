// What the head of a response says.

import type { Engine } from './engine.js';

/** Whether a response's type is `text/event-stream`. */
export function isEventStream(engine: Engine, { headers }: Response): boolean {
  // Header values are bytes, which their strings have as characters.
  const type = headers.get('Content-Type') ?? '';
  return engine.isEventStream(Uint8Array.from(type, (character) => character.charCodeAt(0)));
}

/** How long (ms) a response asks to wait; -1 where it does not say. */
export function retryAfter({ headers }: Response): number {
  const value = headers.get('Retry-After') ?? '';
  // A date begins with its weekday; what does not is no date, whatever browsers make of it.
  const time = /^\d+$/.test(value)
    ? Number(value) * 1_000
    : Date.parse(/^[A-Z]/i.test(value) ? value : '') - Date.now();
  return Number.isNaN(time) ? -1 : Math.max(time, 0);
}

/** What of a response is told. */
export function partsOf({ status, headers, url }: Response): { status: number; headers: Headers; url: string } {
  return { status, headers, url };
}

/** How much of a refused response's body (bytes) is told, and how long (ms) it is waited for. */
const PIECE = 4096;
const PIECE_TIME = 1_000;

/** The beginning of a refused response's body; the rest is not wanted. */
export async function readPiece({ body }: Response): Promise<string> {
  const reader = body?.getReader();
  if (!reader) return '';
  const decoder = new TextDecoder();
  let text = '';
  const cancel = () => void reader.cancel().catch(() => {});
  // What is still being read then ends with it.
  const timer = setTimeout(cancel, PIECE_TIME);
  try {
    for (let left = PIECE; left > 0; ) {
      const { done, value } = await reader.read();
      if (done) break;
      text += decoder.decode(value.subarray(0, left), { stream: true });
      left -= value.length;
    }
  } catch {
    // What there is has to do.
  }
  clearTimeout(timer);
  cancel();
  return text;
}
