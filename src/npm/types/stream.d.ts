// The public types of what takes a stream without a source around it.

/// <reference lib="es2018.asyncgenerator" />

import type { EventSourceMessage } from './EventSource.js';

/** What {@link events} takes beside `fetch`'s own options. */
export interface EventsInit extends RequestInit {
  /**
   * Where the stream ends before its end: the data of a message that is none any more, such as `'[DONE]'`, or a
   * function that says whether a message is it. That message is not handed out, and the request is aborted.
   */
  until?: string | ((message: EventSourceMessage) => unknown);
  /** Takes the place of the global `fetch`. */
  fetch?: (input: string | URL | Request, init: RequestInit) => Promise<Response>;
}

/**
 * The events of one response as plain messages: for streams that are asked for once, such as an LLM's tokens by POST.
 * There is no reconnection. The request is made when the first message is asked for, and nothing is read while a
 * message is being dealt with; a loop that is left early cancels it.
 *
 * @param input what to request, as `fetch` takes it; or a response, or a stream of bytes, that is already there
 * @param init `fetch`'s options, `signal` among them, and those of {@link EventsInit}
 * @throws {EventSourceError} at the first message, when the response's status is not a success or its type is not
 *   `text/event-stream`: with `status`, `headers` and the beginning of its `body`. What `fetch` and the stream throw
 *   comes through, such as the `signal`'s reason
 *
 * @example
 * ```ts
 * const request = { method: 'POST', body: JSON.stringify({ prompt }), until: '[DONE]' };
 * for await (const { data } of events('/tokens', request)) append(JSON.parse(data).token);
 * ```
 */
export declare function events(
  input: string | URL | Request | Response | ReadableStream<Uint8Array>,
  init?: EventsInit,
): AsyncGenerator<EventSourceMessage, void>;

/**
 * Bytes of an event stream in, plain messages out:
 * [interpreting an event stream](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation)
 * and nothing else. It can be transferred to a worker where streams can. An event past 128 MiB ends it with a
 * `RangeError`.
 *
 * @example
 * ```ts
 * const messages = response.body.pipeThrough(new EventSourceDecoderStream());
 * ```
 */
export declare class EventSourceDecoderStream {
  constructor();
  /** The messages. */
  readonly readable: ReadableStream<EventSourceMessage>;
  /** Takes the bytes. */
  readonly writable: WritableStream<ArrayBuffer | ArrayBufferView>;
}

/** What {@link parseJSON} gives: a value, or why there is none. */
export type ParsedData<Value> =
  | {
      /** What the data stands for. */
      readonly value: Value;
      /** There is none. */
      readonly error: undefined;
    }
  | {
      /** There is none. */
      readonly value: undefined;
      /** A `SyntaxError`, or what `check` has thrown. */
      readonly error: unknown;
    };

/**
 * A message's data as JSON. Data that is none is no broken connection: it is an `error` of this one message.
 *
 * @typeParam Value what the data is expected to be
 * @param message an event, or a plain message
 * @param check looks at the value, and gives it back with its type, or throws: a schema's `parse`, say
 *
 * @example
 * ```ts
 * const { value, error } = parseJSON<{ title: string }>(event);
 * if (value) show(value.title);
 * else console.warn(error);
 * ```
 */
export declare function parseJSON<Value>(
  message: { readonly data: string },
  check?: (value: unknown) => Value,
): ParsedData<Value>;
