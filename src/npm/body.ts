// A response's body, chunk by chunk.

/**
 * The sizes (bytes) of the buffer that is handed back and forth where the stream allows it: the first, which
 * an idle connection keeps, and the largest. As soon as it was full, a larger one takes its place. Below the
 * largest, a fast stream costs up to a third more: for each read the browser's network process is told of the room.
 */
const FIRST_SIZE = 1024;
const GROWTH = 16;
const LARGEST_SIZE = FIRST_SIZE * GROWTH ** 2;

type Chunk = Uint8Array<ArrayBuffer>;

/** @throws {TypeError} where it is something else */
export function toBytes(chunk: BufferSource): Chunk {
  if (chunk instanceof ArrayBuffer) return new Uint8Array(chunk);
  if (ArrayBuffer.isView(chunk)) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength) as Chunk;
  throw new TypeError('An event stream is made of bytes; text has to go through a TextEncoderStream first.');
}

/** Reads a body. A read is always pending, so that bytes that arrive right before a broken end are not lost with it. */
export class Body {
  readonly #reader: ReadableStreamDefaultReader<Chunk> | ReadableStreamBYOBReader;
  /** Reads into a buffer of ours: half the cost, where the stream is a byte stream. */
  readonly isBYOB: boolean;
  #bufferSize = FIRST_SIZE;
  #pending: Promise<ReadableStreamReadResult<Chunk>>;
  /** The next chunk has come. */
  isReady = false;
  readonly #notice = () => {
    this.isReady = true;
  };

  /** @throws {TypeError} where it is locked */
  constructor(given: ReadableStream<Uint8Array>) {
    const stream = given as ReadableStream<Chunk>;
    let reader: ReadableStreamBYOBReader | undefined;
    try {
      // A TypeError tells that the stream is not a byte stream, a ReferenceError that there are none.
      reader = new ReadableStreamBYOBReader(stream);
    } catch {}
    this.isBYOB = reader !== undefined;
    this.#reader = reader ?? stream.getReader();
    this.#pending = this.#read(new Uint8Array(this.isBYOB ? FIRST_SIZE : 0));
  }

  /**
   * The next chunk, or `undefined` at the end of the body.
   *
   * Its bytes have to be copied out before `readOn`.
   *
   * @throws what broke the body, or `TypeError` where it is not made of bytes
   */
  async next(): Promise<Chunk | undefined> {
    const { done, value } = await this.#pending;
    return done ? undefined : toBytes(value);
  }

  /** Starts the next read, into the buffer of the last chunk where possible. */
  readOn(chunk: Chunk): void {
    const grows = this.isBYOB && this.#bufferSize < LARGEST_SIZE && chunk.length === this.#bufferSize;
    if (grows) this.#bufferSize *= GROWTH;
    this.#pending = this.#read(new Uint8Array(grows ? new ArrayBuffer(this.#bufferSize) : chunk.buffer));
  }

  /** Tells the stream that nothing more is wanted. */
  cancel(): void {
    this.#reader.cancel().catch(() => {});
  }

  #read(buffer: Chunk): Promise<ReadableStreamReadResult<Chunk>> {
    const result = this.#reader.read(buffer as never) as Promise<ReadableStreamReadResult<Chunk>>;
    this.isReady = false;
    // It may be rejected before anybody waits for it.
    result.then(this.#notice, this.#notice);
    return result;
  }
}
