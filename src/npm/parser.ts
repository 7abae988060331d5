// The engine's parser, with text instead of addresses.

import type { Parser } from '../../pkg/eventsource_wasm.js';
import type { Engine } from './engine.js';
import { decodeUTF8, encodeUTF8 } from './text.js';

// As in `src/parser.rs`.
export const TYPE_CHANGED = 1;
export const ID_CHANGED = 2;
export const COMMENT = 4;
export const ID = 8;
export const RETRY = 16;
export const SEPARATOR = '\r';

/** How many bytes are parsed at once. Larger chunks are cut, so that the engine's memory does not depend on them. */
export const SLICE = 64 * 1024;

/** The members of the table that `parse` of `src/exports.rs` writes. */
const TABLE_LENGTH = 14;
const RECONNECTION_TIME = 12;
const LIMIT_EXCEEDED = 13;

/** `Batch` of `src/parser.rs`: the entries of each text are ended by SEPARATOR. */
export interface Batch {
  data: string;
  types: string;
  ids: string;
  extras: string;
  changes: Uint8Array;
  /** The last event ID string, where it was set after the last event. */
  trailingId: string | undefined;
  /** In ms, where the stream has set it. */
  reconnectionTime: number | undefined;
  /** The unfinished event is too large; the parser is of no use any more. */
  isLimitExceeded: boolean;
}

/** Parses the stream of one connection. */
export class StreamParser {
  readonly #memory: WebAssembly.Memory;
  readonly #parser: Parser;
  #canWrite = true;

  constructor(engine: Engine, lastEventId: string) {
    this.#memory = engine.getMemory();
    this.#parser = new engine.Parser(encodeUTF8(lastEventId));
  }

  /** Has comments, ids and `retry` fields told, too. */
  tellExtras(): void {
    this.#parser.tellExtras();
  }

  /** Takes in at most SLICE bytes of the stream, which are free again afterwards. */
  write(bytes: Uint8Array): void {
    const address = this.#parser.room(bytes.length);
    this.#canWrite = address > 0;
    if (this.#canWrite) new Uint8Array(this.#memory.buffer).set(bytes, address);
  }

  /** What they bring. */
  parse(): Batch {
    const { buffer } = this.#memory;
    const table = new Float64Array(buffer, this.#parser.parse(), TABLE_LENGTH);
    const bytes = (index: number) =>
      new Uint8Array(this.#memory.buffer, table[2 * index] as number, table[2 * index + 1]);
    const text = (index: number) => (table[2 * index + 1] ? decodeUTF8(bytes(index)) : '');
    const time = table[RECONNECTION_TIME] as number;
    const batch = {
      data: '',
      types: '',
      ids: '',
      extras: '',
      changes: new Uint8Array(),
      trailingId: undefined as string | undefined,
      reconnectionTime: time < 0 ? undefined : time,
      isLimitExceeded: table[LIMIT_EXCEEDED] === 1 || !this.#canWrite,
    };
    try {
      batch.data = text(0);
      batch.types = text(1);
      batch.ids = text(2);
      batch.extras = text(3);
      if (table[10]) batch.trailingId = text(5);
      // Last: without texts there are no events. A copy, because the memory changes.
      batch.changes = bytes(4).slice();
    } catch {
      // Text too long for the browser's strings.
      batch.isLimitExceeded = true;
    }
    return batch;
  }

  /** Gives its memory back. */
  free(): void {
    this.#parser.free();
  }
}
