// One stream without a source around it: the answer to one request, or any bytes.

import { Body, toBytes } from './body.js';
import { type Engine, loadEngine } from './engine.js';
import { EventSourceError, toPublic } from './failure.js';
import { Cutter } from './messages.js';
import { SLICE, StreamParser } from './parser.js';
import { isEventStream, partsOf, readPiece } from './response.js';
import type { EventSourceMessage } from './types/EventSource.js';
import type { EventsInit } from './types/stream.js';

/** Bytes in, messages out. */
class Decoder {
  readonly #parser: StreamParser;
  readonly #cutter = new Cutter('');

  constructor(engine: Engine) {
    this.#parser = new StreamParser(engine, '');
  }

  /** @throws {RangeError} where an event is too large */
  *decode(chunk: Uint8Array): Generator<EventSourceMessage, void> {
    for (let start = 0; start < chunk.length; start += SLICE) {
      const batch = this.#parser.parse(chunk.subarray(start, start + SLICE));
      yield* this.#cutter.cut(batch);
      if (batch.isLimitExceeded) throw new RangeError('An event of the stream is larger than 128 MiB.');
    }
  }

  free(): void {
    this.#parser.free();
  }
}

/**
 * Documented where users see it: `types/stream.d.ts`. In a function, so that bundlers can leave it out, and so
 * that a browser without such streams has the rest.
 */
export const EventSourceDecoderStream = /* @__PURE__ */ (() =>
  class EventSourceDecoderStream extends (globalThis.TransformStream ?? Object)<BufferSource, EventSourceMessage> {
    constructor() {
      let decoder: Decoder;
      super({
        async start() {
          decoder = new Decoder(await loadEngine());
        },
        transform(chunk, controller) {
          for (const message of decoder.decode(toBytes(chunk))) controller.enqueue(message);
        },
        flush: () => decoder.free(),
      });
    }
  })();

/** Documented where users see it: `types/stream.d.ts`. */
export function events(
  input: string | URL | Request | Response | ReadableStream<Uint8Array>,
  init: EventsInit = {},
): AsyncGenerator<EventSourceMessage, void> {
  const { until, fetch: ownFetch = globalThis.fetch, ...requestInit } = init;
  if (until !== undefined && typeof until !== 'string' && typeof until !== 'function') {
    throw new TypeError('events(): the option until has to be a string or a function.');
  }
  if (typeof ownFetch !== 'function') throw new TypeError('events(): the option fetch has to be a function.');
  const isLast = typeof until === 'function' ? until : ({ data }: EventSourceMessage) => data === until;
  const { signal } = requestInit.signal ? requestInit : (input as Request);
  // Cancelling its body alone does not end a request in Firefox.
  const controller = new AbortController();
  const open = () => {
    signal?.addEventListener('abort', () => controller.abort(signal.reason), { signal: controller.signal });
    if (signal?.aborted) controller.abort(signal.reason);
    controller.signal.throwIfAborted();
    if (input instanceof ReadableStream) return input;
    if (input instanceof Response) return Promise.resolve(input);
    return request(input, { ...requestInit, signal: controller.signal }, ownFetch);
  };
  return take(open, isLast, controller);
}

async function* take(
  request: () => Promise<Response> | ReadableStream<Uint8Array>,
  isLast: (message: EventSourceMessage) => unknown,
  controller: AbortController,
): AsyncGenerator<EventSourceMessage, void> {
  const { signal } = controller;
  // Where there can be no engine, nothing is requested.
  const loading = loadEngine();
  const requested = request();
  if (requested instanceof Promise) requested.catch(() => {});
  let body: Body | undefined;
  let decoder: Decoder | undefined;
  signal.addEventListener('abort', () => body?.cancel());
  try {
    const engine = await loading;
    decoder = new Decoder(engine);
    body = new Body(requested instanceof ReadableStream ? requested : await toBody(engine, await requested));
    for (let chunk = await body.next(); chunk; chunk = await body.next()) {
      for (const message of decoder.decode(chunk)) {
        signal.throwIfAborted();
        if (isLast(message)) return;
        yield message;
      }
      body.readOn(chunk);
    }
    // A cancelled body looks like an ended one.
    signal.throwIfAborted();
  } finally {
    controller.abort();
    decoder?.free();
  }
}

function request(
  input: string | URL | Request,
  init: RequestInit,
  ownFetch: EventsInit['fetch'] & {},
): Promise<Response> {
  const headers = new Headers(init.headers ?? (input instanceof Request ? input.headers : undefined));
  if (!headers.has('Accept')) headers.set('Accept', 'text/event-stream');
  return ownFetch(input, { ...init, headers });
}

/** @throws {EventSourceError} where the response is no event stream */
async function toBody(engine: Engine, response: Response): Promise<ReadableStream<Uint8Array>> {
  // A response without a body is an empty stream.
  if (response.ok && isEventStream(engine, response)) return response.body ?? new Blob().stream();
  const failure = {
    cause: response.ok ? 'content-type' : 'status',
    ...partsOf(response),
    body: await readPiece(response),
  } as const;
  throw new EventSourceError(toPublic(response.url, failure));
}
