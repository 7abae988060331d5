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

/** What a source can be told at its construction. */
export interface EventSourceInit {
  /** Send cookies and other credentials to other origins, too. Default: `false`. */
  withCredentials?: boolean;
}

/**
 * The event `error`. `readyState` tells what comes next: `CONNECTING` that the connection is lost and
 * will be reestablished, `CLOSED` that it has failed for good.
 */
export interface EventSourceErrorEvent extends Event {
  /** Why the connection has failed for good, in a sentence for the developer; absent when it will be reestablished. */
  readonly message?: string;
}

/** The events that every source has. */
export interface EventSourceEventMap {
  /** The connection is established. */
  open: Event;
  /** An event of the stream without a type, or of type `message`. */
  message: MessageEvent;
  /** The connection is lost, or has failed. */
  error: EventSourceErrorEvent;
}

/**
 * A stream of server-sent events.
 *
 * It follows the [HTML standard](https://html.spec.whatwg.org/multipage/server-sent-events.html#the-eventsource-interface).
 *
 * @typeParam Events the types of the stream's own events, by their names: the class has all others, too
 *
 * @example
 * ```ts
 * const source = new EventSource<{ add: MessageEvent<string> }>('/users');
 * source.addEventListener('add', (event) => console.log(event.data));
 * source.onerror = (event) => console.log(event.message ?? 'reconnecting');
 * ```
 */
export interface EventSource<Events extends { [Type in keyof Events]: Event } = {}> extends EventTarget {
  /** The absolute URL that the source was constructed with. */
  readonly url: string;
  /** Whether credentials are sent to other origins, too. */
  readonly withCredentials: boolean;
  /** `CONNECTING` (0), `OPEN` (1) or `CLOSED` (2). */
  readonly readyState: number;

  /** Called at `open`. */
  onopen: ((this: EventSource, event: Event) => any) | null;
  /** Called at `message`. */
  onmessage: ((this: EventSource, event: MessageEvent) => any) | null;
  /** Called at `error`. */
  onerror: ((this: EventSource, event: EventSourceErrorEvent) => any) | null;

  /**
   * Closes the connection for good, at once: no event comes after it, not even one that has arrived
   * already.
   */
  close(): void;

  readonly CONNECTING: 0;
  readonly OPEN: 1;
  readonly CLOSED: 2;

  /**
   * Listens to events of a type: `open`, `message`, `error`, or one that the stream names in its
   * `event` fields.
   */
  addEventListener<Type extends keyof Events>(
    type: Type,
    listener: (this: EventSource<Events>, event: Events[Type]) => any,
    options?: boolean | AddListenerOptions,
  ): void;
  addEventListener<Type extends keyof EventSourceEventMap>(
    type: Type,
    listener: (this: EventSource<Events>, event: EventSourceEventMap[Type]) => any,
    options?: boolean | AddListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: (this: EventSource<Events>, event: MessageEvent) => any,
    options?: boolean | AddListenerOptions,
  ): void;
  addEventListener(type: string, listener: Listener, options?: boolean | AddListenerOptions): void;

  /** Takes a listener away. */
  removeEventListener<Type extends keyof Events>(
    type: Type,
    listener: (this: EventSource<Events>, event: Events[Type]) => any,
    options?: boolean | ListenerOptions,
  ): void;
  removeEventListener<Type extends keyof EventSourceEventMap>(
    type: Type,
    listener: (this: EventSource<Events>, event: EventSourceEventMap[Type]) => any,
    options?: boolean | ListenerOptions,
  ): void;
  removeEventListener(
    type: string,
    listener: (this: EventSource<Events>, event: MessageEvent) => any,
    options?: boolean | ListenerOptions,
  ): void;
  removeEventListener(type: string, listener: Listener, options?: boolean | ListenerOptions): void;
}

/** The class `EventSource`. */
export interface EventSourceConstructor {
  /**
   * Opens a stream. Nothing has to be awaited.
   *
   * @param url the stream's address, absolute or relative to the document (in workers: to the worker's
   *   script; elsewhere it has to be absolute)
   * @param eventSourceInitDict see {@link EventSourceInit}
   * @throws {DOMException} a `SyntaxError` when the URL is not valid
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
  readonly prototype: EventSource;

  /** The connection is being established, or a reconnection is waited for. */
  readonly CONNECTING: 0;
  /** The connection is open, and events are dispatched as they arrive. */
  readonly OPEN: 1;
  /** The source is closed for good, by `close()` or by a failure. */
  readonly CLOSED: 2;
}
