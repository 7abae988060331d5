// A response's body, chunk by chunk.

/**
 * The size (bytes) of the buffer that is handed back and forth while a stream is fast. In a smaller one such a stream
 * costs up to a third more: for each read the browser's network process is told of the room.
 */
const BUFFER_SIZE = 256 * 1024;
/** The size (bytes) of a chunk after which a stream is taken to be fast, and of two in a row after which to be slow. */
const FAST = 4096;
const SLOW = 1024;

type Chunk = Uint8Array<ArrayBuffer>;

/** @throws {TypeError} where it is something else */
export function toBytes(chunk: BufferSource): Chunk {
  if (chunk instanceof ArrayBuffer) return new Uint8Array(chunk);
  if (ArrayBuffer.isView(chunk)) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength) as Chunk;
  throw new TypeError('An event stream is made of bytes; text has to go through a TextEncoderStream first.');
}

/** Reads a body. A read is always pending, so that bytes that arrive right before a broken end are not lost with it. */
export class Body {
  readonly #stream: ReadableStream<Chunk>;
  /** Whether it can be read into a buffer of ours: a page that makes its stream rarely makes one of bytes. */
  readonly isByteStream: boolean = false;
  #reader: ReadableStreamDefaultReader<Chunk> | ReadableStreamBYOBReader;
  /** Reads into a buffer of ours: half the cost where much comes at once, but more where little does. */
  #isBYOB = false;
  #wasSmall = false;
  #next: Promise<Chunk | undefined>;
  /** The next chunk has come. */
  isReady = false;

  /** @throws {TypeError} where it is locked */
  constructor(given: ReadableStream<Uint8Array>) {
    this.#stream = given as ReadableStream<Chunk>;
    try {
      // A TypeError tells that the stream is not a byte stream, a ReferenceError that there are none.
      new ReadableStreamBYOBReader(this.#stream).releaseLock();
      this.isByteStream = true;
    } catch {}
    this.#reader = this.#stream.getReader();
    this.#next = this.#read();
  }

  /**
   * The next chunk, or `undefined` at the end of the body.
   *
   * Its bytes have to be copied out before `readOn`.
   *
   * It is rejected with what broke the body, or a `TypeError` where it is not made of bytes.
   */
  next(): Promise<Chunk | undefined> {
    return this.#next;
  }

  /** Starts the next read, into the buffer of the last chunk where possible. */
  readOn(chunk: Chunk): void {
    const wasBYOB = this.#isBYOB;
    const isSmall = chunk.length < SLOW;
    this.#isBYOB = wasBYOB ? !(isSmall && this.#wasSmall) : this.isByteStream && chunk.length >= FAST;
    this.#wasSmall = isSmall;
    if (this.#isBYOB !== wasBYOB) {
      this.#reader.releaseLock();
      this.#reader = wasBYOB ? this.#stream.getReader() : new ReadableStreamBYOBReader(this.#stream);
    }
    this.#next = this.#read(wasBYOB ? chunk.buffer : undefined);
  }

  /** Tells the stream that nothing more is wanted. */
  cancel(): void {
    this.#reader.cancel().catch(() => {});
  }

  #read(buffer?: ArrayBuffer): Promise<Chunk | undefined> {
    this.isReady = false;
    const view = this.#isBYOB ? new Uint8Array(buffer ?? new ArrayBuffer(BUFFER_SIZE)) : undefined;
    const result = this.#reader.read(view as never) as Promise<ReadableStreamReadResult<Chunk>>;
    const next = result.then(({ done, value }) => {
      this.isReady = true;
      return done ? undefined : toBytes(value);
    });
    // It may be rejected before anybody waits for it.
    next.catch(() => {});
    return next;
  }
}
