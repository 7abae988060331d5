// The engine's parser, with text instead of addresses.

import type { Parser } from '../../pkg/eventsource_wasm.js';
import type { Engine } from './engine.js';
import { decodeUTF8, encodeUTF8 } from './text.js';

// As in `src/parser/mod.rs`.
export const TYPE_CHANGED = 1;
export const ID_CHANGED = 2;
export const COMMENT = 4;
export const ID = 8;
export const RETRY = 16;
export const SEPARATOR = '\r';

/** How many bytes are parsed at once. Larger chunks are cut, so that the engine's memory does not depend on them. */
export const SLICE = 32 * 1024;

/** The members of the table that `parse` of `src/exports.rs` writes. */
const TABLE_LENGTH = 14;
const RECONNECTION_TIME = 12;
const LIMIT_EXCEEDED = 13;

const NO_CHANGES = new Uint8Array();

/** `Batch` of `src/parser/mod.rs`: the entries of each text are ended by SEPARATOR. */
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
  readonly #engine: Engine;
  readonly #parser: Parser;

  constructor(engine: Engine, lastEventId: string) {
    this.#engine = engine;
    this.#parser = new engine.Parser(encodeUTF8(lastEventId));
  }

  /** Has comments, ids and `retry` fields told, too. */
  tellExtras(): void {
    this.#parser.tellExtras();
  }

  /** What at most SLICE bytes of the stream bring; they are free again afterwards. */
  parse(bytes: Uint8Array): Batch {
    const room = this.#parser.room(bytes.length);
    if (room) this.#engine.getBytes().set(bytes, room);
    const address = this.#parser.parse();
    const memory = this.#engine.getBytes();
    const table = new Float64Array(memory.buffer, address, TABLE_LENGTH);
    const start = (index: number) => table[2 * index] as number;
    const end = (index: number) => start(index) + (table[2 * index + 1] as number);
    const text = (index: number) =>
      end(index) > start(index) ? decodeUTF8(memory.subarray(start(index), end(index))) : '';
    const time = table[RECONNECTION_TIME] as number;
    const batch = {
      data: '',
      types: '',
      ids: '',
      extras: '',
      changes: NO_CHANGES,
      trailingId: undefined as string | undefined,
      reconnectionTime: time < 0 ? undefined : time,
      isLimitExceeded: table[LIMIT_EXCEEDED] === 1 || !room,
    };
    try {
      batch.data = text(0);
      batch.types = text(1);
      batch.ids = text(2);
      batch.extras = text(3);
      if (start(5)) batch.trailingId = text(5);
      // Last: without texts there are no events. A copy, because the memory changes.
      batch.changes = memory.slice(start(4), end(4));
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
