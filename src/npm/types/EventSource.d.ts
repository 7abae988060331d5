// The public types of EventSource: an interface and a constructor, as TypeScript's own `lib.dom` has
// them, so that ours and the browser's are assignable to each other.

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

/**
 * What a source can be told at its construction:
 * [`EventSourceInit`](https://html.spec.whatwg.org/multipage/server-sent-events.html#eventsourceinit).
 */
export interface EventSourceInit {
  /**
   * Send cookies and other credentials to other origins, too. Those have to answer with
   * `Access-Control-Allow-Credentials: true` and name the page's origin.
   *
   * @defaultValue `false`
   */
  withCredentials?: boolean;
}

/**
 * The event `error`. `readyState` tells what comes next: `CONNECTING` that the connection is lost and
 * will be reestablished, `CLOSED` that it has failed for good.
 *
 * @example
 * ```ts
 * source.onerror = (event) => {
 *   if (source.readyState === EventSource.CLOSED) showError(event.message);
 * };
 * ```
 */
export interface EventSourceErrorEvent extends Event {
  /**
   * Why the connection has failed for good, in a sentence for the developer; absent when it will be
   * reestablished. The console says the same.
   */
  readonly message?: string;
}

/**
 * The events that every source has. A stream's own ones, which it names in its `event` fields, are
 * `MessageEvent`s, too.
 */
export interface EventSourceEventMap {
  /** The connection is established, also anew: the server has answered with an event stream. */
  open: Event;
  /** An event of the stream without a type, or of type `message`. */
  message: MessageEvent;
  /** The connection is lost and will be reestablished, or has failed for good. */
  error: EventSourceErrorEvent;
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
  onopen: ((this: EventSource, event: Event) => any) | null;
  /** Called at `message`, but not at events with another type. Default: `null`. */
  onmessage: ((this: EventSource, event: MessageEvent) => any) | null;
  /** Called at `error`. Default: `null`. */
  onerror: ((this: EventSource, event: EventSourceErrorEvent) => any) | null;

  /**
   * Closes the connection for good, at once: no event comes after it, not even one that has arrived
   * already.
   */
  close(): void;

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
   * @throws {TypeError} when there is no URL, or `eventSourceInitDict` is not an object
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
 * source.onerror = (event) => console.log(event.message ?? 'reconnecting');
 * ```
 *
 * @class
 */
export declare const EventSource: EventSourceConstructor;
