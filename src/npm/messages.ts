// The events of a stream as plain messages, and the ways to take them: one by one, by batches, as a stream.

import { type Batch, COMMENT, ID, ID_CHANGED, RETRY, SEPARATOR, TYPE_CHANGED } from './parser.js';
import type { EventSourceMessage } from './types/EventSource.js';

/**
 * Types of what is no event of the stream, for those who listen to it. No stream can have events of these
 * types: there is no line end in a type.
 */
export const EXTRAS = { [COMMENT]: '\ncomment', [ID]: '\nid', [RETRY]: '\nretry' } as const;

/** How many types are kept for the events to come: a power of two. */
const MOST_TYPES = 64;
/** A longer one is not kept. */
const LONGEST_TYPE = 100;
const recentTypes: (string | undefined)[] = [];

/** Whether a message is an event of the stream. */
export function isEvent({ type }: EventSourceMessage): boolean {
  return type[0] !== '\n';
}

/** Cuts the batches of one connection into messages. */
export class Cutter {
  /** Of the last event. */
  type = 'message';
  #lastEventId: string;

  constructor(lastEventId: string) {
    this.#lastEventId = lastEventId;
  }

  cut({ data, types, ids, extras, changes, trailingId }: Batch): EventSourceMessage[] {
    const nextType = entries(types);
    const nextId = entries(ids);
    const nextExtra = entries(extras);
    let type = this.type;
    let lastEventId = this.#lastEventId;
    let start = 0;
    // Not pushed: an array that does not grow is a quarter of all that is done here.
    const messages = new Array<EventSourceMessage>(changes.length);
    for (let index = 0; index < changes.length; index++) {
      const change = changes[index] as number;
      if (change > (TYPE_CHANGED | ID_CHANGED)) {
        const text = nextExtra();
        if (change === ID) lastEventId = text;
        messages[index] = { type: EXTRAS[change as keyof typeof EXTRAS], data: text, lastEventId };
        continue;
      }
      if (change & TYPE_CHANGED) type = intern(nextType() || 'message');
      if (change & ID_CHANGED) lastEventId = nextId();
      // The hottest of all loops: no function is called for an event that is like the one before.
      const end = data.indexOf(SEPARATOR, start);
      messages[index] = { type, data: data.slice(start, end), lastEventId };
      start = end + 1;
    }
    this.type = type;
    this.#lastEventId = trailingId ?? lastEventId;
    return messages;
  }
}

/** The same type as the same string: looking a new one up in a map takes several times as long. */
function intern(type: string): string {
  const { length } = type;
  if (length > LONGEST_TYPE) return type;
  const place = (7 * type.charCodeAt(length - 1) + 31 * type.charCodeAt(length - 2) + length) & (MOST_TYPES - 1);
  // The name of a property is a copy; the type is a part of its batch's text, and would keep it.
  if (recentTypes[place] !== type) [recentTypes[place]] = Object.keys({ [type]: 0 });
  return recentTypes[place] as string;
}

/** Gives the entries of a text one after the other. */
function entries(text: string): () => string {
  let start = 0;
  return () => {
    const end = text.indexOf(SEPARATOR, start);
    const entry = text.slice(start, end);
    start = end + 1;
    return entry;
  };
}

/** One reader of a source's messages. It holds one batch; the network waits for it to be taken. */
export class Tap {
  #batch: EventSourceMessage[] | undefined;
  #taken: (() => void) | undefined;
  /** Tells the reader, who waits. */
  #notify: (() => void) | undefined;
  #end: { error?: unknown } | undefined;
  /** Not even what has come is wanted any more. */
  isAborted = false;

  /** The promise, if any, says when it is taken. */
  give(batch: EventSourceMessage[]): Promise<void> | undefined {
    this.#batch = this.#batch ? this.#batch.concat(batch) : batch;
    if (this.#notify) {
      this.#notify();
      return undefined;
    }
    // There may be one of an earlier connection.
    const before = this.#taken;
    return new Promise((resolve) => {
      this.#taken = () => {
        before?.();
        resolve();
      };
    });
  }

  /** There is nothing more. */
  end(isAborted: boolean, error?: unknown): void {
    this.#end ??= { error };
    this.isAborted = isAborted;
    if (isAborted) this.#batch = undefined;
    this.#taken?.();
    this.#notify?.();
  }

  /** The next batch, or `undefined` at the end. */
  async next(): Promise<EventSourceMessage[] | undefined> {
    if (!this.#batch && !this.#end) {
      await new Promise<void>((resolve) => {
        this.#notify = resolve;
      });
      this.#notify = undefined;
    }
    const batch = this.#batch;
    this.#batch = undefined;
    this.#taken?.();
    this.#taken = undefined;
    if (!batch && this.#end?.error) throw this.#end.error;
    return batch;
  }
}

/** Takes what `toValues` makes of the batches, until the end; a loop that is left early cancels. */
export function takeFrom<Value>(
  open: () => Tap,
  toValues: (batch: EventSourceMessage[]) => Value[],
  cancel: (tap: Tap) => void,
): AsyncGenerator<Value, void> {
  let tap: Tap | undefined;
  async function* take() {
    tap = open();
    for (let batch = await tap.next(); batch; batch = await tap.next()) {
      for (const value of toValues(batch)) {
        if (tap.isAborted) return;
        yield value;
      }
    }
  }
  const generator = take();
  // Its own `return()` waits for the `next()` before it, and so for a message.
  const end = generator.return.bind(generator);
  generator.return = (value) => {
    if (tap) cancel(tap);
    return end(value);
  };
  return generator;
}

/** The messages as a stream, which asks for one when it is read. */
export function toStream(messages: AsyncGenerator<EventSourceMessage, void>): ReadableStream<EventSourceMessage> {
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await messages.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await messages.return();
      },
    },
    { highWaterMark: 0 },
  );
}
