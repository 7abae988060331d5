// The public types of EventSource: an interface and a constructor, as TypeScript's own `lib.dom` has
// them, so that ours and the browser's are assignable to each other.

/// <reference lib="es2018.asyncgenerator" />
/// <reference lib="es2018.asynciterable" />

// What `lib.dom` has names for, so that it need not be there: Node.js has events without it.
type Listener = ((event: Event) => void) | { handleEvent(event: Event): void };
interface ListenerOptions {
  capture?: boolean;
}
interface AddListenerOptions extends ListenerOptions {
  once?: boolean;
  passive?: boolean;
  signal?: AbortSignal;
}

type HeadersLike = Headers | Record<string, string> | [string, string][];
type BodyLike =
  | string
  | Blob
  | ArrayBuffer
  | ArrayBufferView
  | FormData
  | URLSearchParams
  | ReadableStream<Uint8Array>
  | null;
interface TextEvent extends MessageEvent {
  readonly data: string;
}

/**
 * What a source can be told at its construction. `withCredentials` is the standard's
 * [`EventSourceInit`](https://html.spec.whatwg.org/multipage/server-sent-events.html#eventsourceinit); all others are
 * beyond it, and without them a source does what the standard says. Each is checked at the construction: a wrong one
 * throws a `TypeError` that names it.
 *
 * A function that is given here and throws, or whose promise is rejected, counts as a failed attempt with the
 * {@link EventSourceFailure.cause | cause} `'callback'`.
 */
export interface EventSourceInit {
  /**
   * Send cookies and other credentials to other origins, too. Those have to answer with
   * `Access-Control-Allow-Credentials: true` and name the page's origin.
   *
   * @defaultValue `false`
   */
  withCredentials?: boolean;
  /**
   * The same in [fetch's words](https://fetch.spec.whatwg.org/#requestcredentials); it takes the place of
   * `withCredentials`.
   *
   * @defaultValue `'include'` with `withCredentials`, otherwise `'same-origin'`
   */
  credentials?: 'omit' | 'same-origin' | 'include';
  /**
   * Headers of the request, in any form that [`Headers`](https://fetch.spec.whatwg.org/#headers-class) takes, or a
   * function that gives them, called anew for every attempt: a token that expires belongs there. `Accept` is
   * `text/event-stream` unless it is among them.
   *
   * A header of one's own makes browsers ask a server of another origin for leave first (CORS preflight).
   *
   * @example
   * ```ts
   * new EventSource('/events', { headers: async () => ({ Authorization: `Bearer ${await getToken()}` }) });
   * ```
   */
  headers?: HeadersLike | (() => HeadersLike | Promise<HeadersLike>);
  /**
   * The request's method. A request other than GET and HEAD is not made again once its stream has delivered an
   * event: what it has set off has then been done. See {@link EventSourceRetry.resend}.
   *
   * @defaultValue `'GET'`
   */
  method?: string;
  /**
   * The request's body, as `fetch` takes it, or a function that gives it, called anew for every attempt. It needs a
   * {@link EventSourceInit.method | method} such as `'POST'`. A stream can be sent only once: there is no further
   * attempt, unless a function gives a new one.
   */
  body?: BodyLike | (() => BodyLike | Promise<BodyLike>);
  /**
   * Gives the URL of every attempt, in place of the one that the source was constructed with, which stays its
   * {@link EventSource.url | `url`}.
   */
  url?: () => string | URL | Promise<string | URL>;
  /**
   * Takes the place of the global `fetch`. It is called without a `this`, and should heed the `signal` it is given.
   * What it throws is a network error.
   */
  fetch?: (input: string, init: RequestInit) => Promise<Response>;
  /** Closes the source when it is aborted, as `close()` does: no event, nothing thrown. */
  signal?: AbortSignal | null;
  /**
   * The last event ID to begin with: the first request asks for what came after it.
   *
   * @defaultValue `''`
   */
  lastEventId?: string;
  /**
   * Sends the last event ID as the query parameter of this name, in place of the header `Last-Event-ID`. The header
   * makes browsers ask a server of another origin for leave (CORS preflight), which the browser's own class does
   * not; a server that does not answer that can still read a parameter.
   */
  lastEventIdParam?: string;
  /**
   * The policy for further attempts. Without it a source does what the standard says; with it, even an empty one,
   * `Retry-After` counts, attempts wait until there is a network (`navigator.onLine`; not for servers on
   * `localhost`), and a waiting source tries at once when the network is back, the page is shown again or the device
   * wakes. A connection that was silent all the while the device slept or was offline is then taken for dead, and
   * made anew.
   */
  retry?: EventSourceRetry;
  /**
   * How long (ms) a request may wait for the response's head before the attempt counts as failed; 0 is for ever.
   * Firefox hands the head on only with the first byte of the body.
   *
   * @defaultValue `0`
   */
  connectTimeout?: number;
  /**
   * How long (ms) an open connection may be silent before it is taken for dead; 0 is for ever. Any byte counts,
   * also of a comment: servers send those to keep a connection alive.
   *
   * @defaultValue `0`
   */
  idleTimeout?: number;
  /**
   * Disconnect while the page is hidden, and go on after the last event when it is shown again.
   *
   * @defaultValue `false`
   */
  pauseWhenHidden?: boolean;
  /**
   * Asked about every response that would open the stream, before it does. `false` refuses it: the source is closed,
   * with the cause `'validation'`, unless {@link EventSourceRetry.when} decides otherwise. It must not read the body.
   */
  validate?: (response: Response) => unknown;
  /**
   * Takes the stream's events as plain messages, all that a chunk of the stream brought at once: the fastest way.
   * A promise that it returns is awaited before more is read. Events that nobody listens to are not made then.
   */
  onBatch?: (messages: EventSourceMessage[]) => unknown;
}

/**
 * When a source tries again, and when no more. Every member can be left out.
 *
 * The first wait is {@link EventSourceRetry.delay | `delay`}, or what the server's last `retry` field says. Each
 * further one in a row is `factor` times as long, up to `maxDelay`; a random part of it, up to the share `jitter`, is
 * then taken off. No wait is shorter than 100 ms, or than a `retry` field says.
 *
 * @example
 * ```ts
 * new EventSource('/events', { retry: { delay: 1_000, attempts: 10, statuses: 'transient' } });
 * ```
 */
export interface EventSourceRetry {
  /** The reconnection time (ms) until the server sets one. @defaultValue `3_000` */
  delay?: number;
  /** By how much each wait is longer than the one before, from 1. @defaultValue `2` */
  factor?: number;
  /** Where the growth ends (ms). @defaultValue `30_000` */
  maxDelay?: number;
  /** The share of each wait that is random, from 0 to 1. @defaultValue `0.5` */
  jitter?: number;
  /** How many attempts in a row may follow a failure. @defaultValue `Infinity` */
  attempts?: number;
  /**
   * How long (ms) a connection has to be open for the waits to start over, and the attempts not to count any more. Its
   * mere response is never enough.
   *
   * @defaultValue the first event that it delivers, whenever it comes
   */
  resetAfter?: number;
  /**
   * Which statuses are followed by another attempt: a list, or `'transient'` for 408, 425, 429 and all from 500. The
   * wait is then what the header `Retry-After` says, as seconds or a date, if it is there.
   *
   * @defaultValue none, as the standard says
   */
  statuses?: 'transient' | readonly number[];
  /**
   * Make a request of a method other than GET and HEAD again, even if its stream has delivered events.
   *
   * @defaultValue `false`: a second POST may order, or bill, a second time
   */
  resend?: boolean;
  /**
   * Has the last word after each failure, of any {@link EventSourceFailure.cause | cause}: `true` for another attempt
   * after `failure.delay`, a number for another wait (ms), `false` for none; nothing leaves it at
   * `failure.willRetry`; another value throws a `TypeError`. If it throws, the source is closed.
   */
  when?: (failure: EventSourceFailure) => unknown;
}

/** Why an attempt, or a connection, has failed, and what follows. */
export interface EventSourceFailure {
  /**
   * - `'network'`: a network error, before or after the response
   * - `'ended'`: the server has ended the stream
   * - `'status'`: the response's status is not 200
   * - `'content-type'`: its type is not `text/event-stream`
   * - `'cors'`: the server does not allow this origin to read it
   * - `'timeout'`: nothing came within `connectTimeout` or `idleTimeout`, or since the device slept
   * - `'aborted'`: somebody else has aborted the request
   * - `'limit'`: an unfinished event has grown past 128 MiB
   * - `'callback'`: a function that was given as an option has thrown
   * - `'validation'`: {@link EventSourceInit.validate} has refused the response
   * - `'scheme'`, `'credentials'`: the URL is not `http:` or `https:`, or has a password
   * - `'wasm'`: WebAssembly is not allowed here, and the browser's own class can not do what is asked for
   * - `'engine'`: the engine could not be had
   */
  readonly cause:
    | 'network'
    | 'ended'
    | 'status'
    | 'content-type'
    | 'cors'
    | 'timeout'
    | 'aborted'
    | 'limit'
    | 'callback'
    | 'validation'
    | 'scheme'
    | 'credentials'
    | 'wasm'
    | 'engine';
  /** The same in a sentence for the developer. When the source is closed, the console says it, too. */
  readonly message: string;
  /** The status of the response that was refused. */
  readonly status?: number;
  /** Its headers, as far as CORS lets them be read. */
  readonly headers?: Headers;
  /** Its URL, after redirects. */
  readonly url?: string;
  /**
   * The beginning of its body, up to 4 KiB, as text. A source without any option beyond the standard's does not wait
   * for it.
   */
  readonly body?: string;
  /** What was thrown, by `fetch` or a function that was given as an option. */
  readonly error?: unknown;
  /** Whether another attempt follows. */
  readonly willRetry: boolean;
  /** After which time (ms), if one does. */
  readonly delay?: number;
  /** The how manieth in a row it is, from 1; with `willRetry` false, how many have failed. */
  readonly attempt: number;
}

/**
 * What a `for await` loop or a stream ends with where a source has failed for good: the
 * {@link EventSourceFailure | failure} as an `Error`.
 *
 * @example
 * ```ts
 * try {
 *   for await (const { data } of new EventSource('/events')) show(data);
 * } catch (error) {
 *   if (error instanceof EventSourceError && error.status === 401) logIn();
 * }
 * ```
 */
export declare class EventSourceError extends Error {
  constructor(failure: EventSourceFailure);
  /** What kind of failure it was. */
  readonly cause: EventSourceFailure['cause'];
}
export interface EventSourceError extends Omit<EventSourceFailure, 'message' | 'cause'> {}

/** An event of a stream as a plain object, without the weight of a DOM event. */
export interface EventSourceMessage {
  /** The event's type; `'message'` where the stream names none. */
  type: string;
  /** Its `data` lines, joined by line feeds. */
  data: string;
  /** The last event ID at this event. */
  lastEventId: string;
}

/**
 * The event `error`. `readyState` tells what comes next: `CONNECTING` that the connection is lost and
 * will be reestablished, `CLOSED` that it has failed for good. Where the browser's own class stands in, because
 * WebAssembly is not allowed, it has no more than that.
 *
 * @example
 * ```ts
 * source.onerror = ({ cause, status, willRetry, delay, message }) => {
 *   if (willRetry) showCountdown(delay);
 *   else showError(status === 401 ? 'Please log in.' : message);
 * };
 * ```
 */
export interface EventSourceErrorEvent extends Event, Partial<EventSourceFailure> {}

/** The event `open`, with the response's head. Where the browser's own class stands in, it has nothing of that. */
export interface EventSourceOpenEvent extends Event {
  /** Always 200. */
  readonly status?: number;
  /** As far as CORS lets them be read. */
  readonly headers?: Headers;
  /** After redirects. */
  readonly url?: string;
}

/** The event {@link EventSourceConstructor.RECONNECTION_TIME}. */
export interface EventSourceReconnectionTimeEvent extends TextEvent {
  /** In ms. */
  readonly reconnectionTime: number;
}

/**
 * The events that every source has. A stream's own ones, which it names in its `event` fields, are
 * `MessageEvent`s, too.
 */
export interface EventSourceEventMap {
  /** The connection is established, also anew: the server has answered with an event stream. */
  open: EventSourceOpenEvent;
  /** An event of the stream without a type, or of type `message`. */
  message: MessageEvent;
  /** The connection is lost and will be reestablished, or has failed for good. */
  error: EventSourceErrorEvent;
  /** {@link EventSourceConstructor.ANY}: any event of the stream. */
  '': TextEvent;
  /** {@link EventSourceConstructor.COMMENT}. */
  '\ncomment': TextEvent;
  /** {@link EventSourceConstructor.ID}. */
  '\nid': TextEvent;
  /** {@link EventSourceConstructor.RECONNECTION_TIME}. */
  '\nretry': EventSourceReconnectionTimeEvent;
  /** {@link EventSourceConstructor.RECONNECT}. */
  '\nreconnect': EventSourceErrorEvent;
}

/** A source as its handlers have it for `this`: a browser's own, too, takes handlers of ours. */
interface StandardEventSource extends EventTarget {
  readonly url: string;
  readonly withCredentials: boolean;
  readonly readyState: number;
  close(): void;
}

// With the comment of the class below, which is of both.
export interface EventSource<Events extends { [Type in keyof Events]: Event } = {}> extends EventTarget {
  /**
   * The absolute URL that the source was constructed with, also behind redirects.
   * [Standard](https://html.spec.whatwg.org/multipage/server-sent-events.html#dom-eventsource-url)
   */
  readonly url: string;
  /** Whether credentials are sent to other origins, too: see {@link EventSourceInit.withCredentials}. */
  readonly withCredentials: boolean;
  /**
   * {@link EventSource.CONNECTING | `CONNECTING`} (0), {@link EventSource.OPEN | `OPEN`} (1) or
   * {@link EventSource.CLOSED | `CLOSED`} (2).
   */
  readonly readyState: number;

  /** Called at `open`. Default: `null`. */
  onopen: ((this: StandardEventSource, event: EventSourceOpenEvent) => any) | null;
  /** Called at `message`, but not at events with another type. Default: `null`. */
  onmessage: ((this: StandardEventSource, event: MessageEvent) => any) | null;
  /** Called at `error`. Default: `null`. */
  onerror: ((this: StandardEventSource, event: EventSourceErrorEvent) => any) | null;

  /**
   * Closes the connection for good, at once: no event comes after it, not even one that has arrived
   * already.
   */
  close(): void;

  /**
   * The last event ID: of the event that was dispatched last, or what the stream has set since. Beside the standard;
   * [proposed](https://github.com/whatwg/html/pull/12272).
   */
  readonly lastEventId: string;
  /**
   * The reconnection time (ms): what the server's last `retry` field says, 3,000 or {@link EventSourceRetry.delay}
   * before. Beside the standard; [proposed](https://github.com/whatwg/html/pull/12272).
   */
  readonly reconnectionTime: number;

  /**
   * Drops the connection, if there is one, and makes it anew at once, going on after the last event: without an
   * `error` event, and also after the source was closed. The attempts and their waits start over. While the page is paused it does nothing.
   *
   * @throws {DOMException} an `InvalidStateError` where the source was given its stream
   */
  reconnect(): void;

  /**
   * The stream's events, of whatever type, as plain messages, one by one, from the first call of `next()` on.
   * The network waits for the loop, but in Firefox, which keeps what nobody has taken. It ends when the source is
   * closed, and throws an {@link EventSourceError} when the source fails for good; when the server says that there is
   * nothing more (status 204, or the end of a POST's answer), it just ends. A loop that is left early closes the source.
   *
   * @example
   * ```ts
   * for await (const { type, data } of new EventSource('/events')) console.log(type, data);
   * ```
   */
  [Symbol.asyncIterator](): AsyncGenerator<EventSourceMessage, void>;
  /** The same, but by arrays with all that a chunk of the stream brought: one promise for many messages. */
  batches(): AsyncGenerator<EventSourceMessage[], void>;
  /**
   * The same as a stream of messages, from its first read on. It can be transferred to a worker where streams can.
   * Cancelling it closes the source.
   */
  readonly readable: ReadableStream<EventSourceMessage>;

  /** The same as {@link EventSourceConstructor.CONNECTING}. */
  readonly CONNECTING: 0;
  /** The same as {@link EventSourceConstructor.OPEN}. */
  readonly OPEN: 1;
  /** The same as {@link EventSourceConstructor.CLOSED}. */
  readonly CLOSED: 2;

  /**
   * Listens to events of a type: one that the stream names in its `event` fields, `open`, `message` or
   * `error`.
   *
   * @param type the event's name; upper and lower case differ
   * @param listener a function, or an object with the method `handleEvent`; the same one is added once
   * @param options as [`EventTarget`](https://dom.spec.whatwg.org/#dom-eventtarget-addeventlistener) has them:
   *   `once`, `signal` …
   *
   * @example
   * ```ts
   * source.addEventListener('add', ({ data, lastEventId }) => console.log(data, lastEventId));
   * ```
   */
  addEventListener<Type extends keyof Events>(
    type: Type,
    listener: (this: EventSource<Events>, event: Events[Type]) => any,
    options?: boolean | AddListenerOptions,
  ): void;
  /** Listens to one of the events that every source has. */
  addEventListener<Type extends keyof EventSourceEventMap>(
    type: Type,
    listener: (this: EventSource<Events>, event: EventSourceEventMap[Type]) => any,
    options?: boolean | AddListenerOptions,
  ): void;
  /** Listens to an event that the stream names. */
  addEventListener(
    type: string,
    listener: (this: EventSource<Events>, event: MessageEvent) => any,
    options?: boolean | AddListenerOptions,
  ): void;
  /** Listens with a function for any event, or an object. */
  addEventListener(type: string, listener: Listener, options?: boolean | AddListenerOptions): void;

  /**
   * Takes a listener away; one that was not there is no error.
   *
   * @param type the name that it was added for
   * @param listener the same function or object
   * @param options of these only `capture` counts, which has to be the same
   */
  removeEventListener<Type extends keyof Events>(
    type: Type,
    listener: (this: EventSource<Events>, event: Events[Type]) => any,
    options?: boolean | ListenerOptions,
  ): void;
  /** Takes a listener of `open`, `message` or `error` away. */
  removeEventListener<Type extends keyof EventSourceEventMap>(
    type: Type,
    listener: (this: EventSource<Events>, event: EventSourceEventMap[Type]) => any,
    options?: boolean | ListenerOptions,
  ): void;
  /** Takes a listener of an event away that the stream names. */
  removeEventListener(
    type: string,
    listener: (this: EventSource<Events>, event: MessageEvent) => any,
    options?: boolean | ListenerOptions,
  ): void;
  /** Takes a function for any event, or an object, away. */
  removeEventListener(type: string, listener: Listener, options?: boolean | ListenerOptions): void;
}

/** The class itself, for code that is handed it: `new`, and the constants of the states. */
export interface EventSourceConstructor {
  /**
   * Opens a stream. Nothing has to be awaited: the source is `CONNECTING`, and the request is on its way.
   *
   * @param url the stream's address, absolute or relative to the document (in workers: to the worker's
   *   script; elsewhere it has to be absolute). Other schemes than `http:` and `https:`, and a user name or
   *   password, end in an `error` event
   * @param eventSourceInitDict see {@link EventSourceInit}
   * @throws {DOMException} a `SyntaxError` when the URL is not valid
   * @throws {TypeError} when there is no URL, `eventSourceInitDict` is not an object, or an option is wrong
   *
   * @example
   * ```ts
   * const source = new EventSource('/events');
   * source.onmessage = (event) => console.log(event.data);
   * ```
   */
  new <Events extends { [Type in keyof Events]: Event } = {}>(
    url: string | URL,
    eventSourceInitDict?: EventSourceInit,
  ): EventSource<Events>;
  /** What all sources have in common. */
  readonly prototype: EventSource;

  /**
   * A source of a stream that is already there. Its `url` is `about:event-stream`, its events' origin "null". There
   * is no reconnection: at the stream's end comes an `error` event, and the source is CLOSED. Beside the standard;
   * [proposed](https://github.com/whatwg/html/pull/12272).
   *
   * @throws {TypeError} when it is no stream, or locked
   *
   * @example
   * ```ts
   * const { body } = await fetch('/events');
   * const source = EventSource.fromReadableStream(body);
   * ```
   */
  fromReadableStream<Events extends { [Type in keyof Events]: Event } = {}>(
    stream: ReadableStream<Uint8Array>,
  ): EventSource<Events>;

  /**
   * Listening to this type gets all events of the stream, whatever their type, after those who listen to it. The
   * event's `type` is its own.
   *
   * @example
   * ```ts
   * source.addEventListener(EventSource.ANY, ({ type, data }) => console.log(type, data));
   * ```
   */
  readonly ANY: '';
  /** The type of events with a comment of the stream as `data`, in the order of the stream. */
  readonly COMMENT: '\ncomment';
  /** The type of events that tell a new last event ID, also where there is no event with it. */
  readonly ID: '\nid';
  /** The type of events that tell a `retry` field of the stream: {@link EventSourceReconnectionTimeEvent}. */
  readonly RECONNECTION_TIME: '\nretry';
  /** The type of events that tell of another attempt to come, with all that the `error` event before it has. */
  readonly RECONNECT: '\nreconnect';

  /** The connection is being established, or a reconnection is waited for. */
  readonly CONNECTING: 0;
  /** The connection is open, and events are dispatched as they arrive. */
  readonly OPEN: 1;
  /** The source is closed for good, by `close()` or by a failure. */
  readonly CLOSED: 2;
}

/**
 * A stream of server-sent events: a drop-in for the browser's
 * [`EventSource`](https://html.spec.whatwg.org/multipage/server-sent-events.html#the-eventsource-interface).
 *
 * It reconnects by itself when the connection is lost or the response ends, after the time (ms) that the
 * server's last `retry` field says, 3,000 without one; while attempts fail one after the other, that time
 * doubles up to 30,000. The request then names the last event in `Last-Event-ID`. A response whose status is
 * not 200 or whose type is not `text/event-stream` closes the source for good.
 *
 * @typeParam Events the types of the stream's own events, by their names: the class has all others, too
 *
 * @example
 * ```ts
 * const source = new EventSource<{ add: MessageEvent<string> }>('/users');
 * source.addEventListener('add', (event) => console.log(event.data));
 * source.onerror = (event) => console.log(event.message);
 * ```
 *
 * @class
 */
export declare const EventSource: EventSourceConstructor;
