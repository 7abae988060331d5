// The class that pages see: the interface of the HTML standard around the engine.
//
// The engine (src/web) decides what happens and when; this file turns it into events.

import type { Page, Source } from '../../pkg/eventsource_wasm.js';
import { loadEngine } from './engine.js';
import { type Cause, reportFailure } from './failure.js';
import { observe, type PageObserver, unobserve } from './lifecycle.js';
import { createMessageEvent } from './MessageEvent.js';
import { afterReactions, nextTask, Turn } from './turns.js';
import { pageOrigin, parseURL } from './url.js';

const CONNECTING = 0;
const OPEN = 1;
const CLOSED = 2;

// As in `src/parser.rs`.
const TYPE_CHANGED = 1;
const ID_CHANGED = 2;
const SEPARATOR = '\r';

/** The events of a source that have an event handler attribute. */
type HandledType = 'open' | 'message' | 'error';
type Handler = (this: EventSource, event: never) => unknown;

/**
 * A drop-in for the browser's `EventSource`, following the
 * [HTML standard](https://html.spec.whatwg.org/multipage/server-sent-events.html#the-eventsource-interface).
 *
 * @example
 * const source = new EventSource('/events');
 * source.onmessage = (event) => console.log(event.data);
 * source.addEventListener('add', (event) => console.log(event.lastEventId));
 */
export class EventSource extends EventTarget {
  declare static readonly CONNECTING: 0;
  declare static readonly OPEN: 1;
  declare static readonly CLOSED: 2;
  declare readonly CONNECTING: 0;
  declare readonly OPEN: 1;
  declare readonly CLOSED: 2;

  readonly #url: string;
  readonly #withCredentials: boolean;
  #readyState: 0 | 1 | 2 = CONNECTING;
  readonly #handlers = new Map<HandledType, { value: Handler; listener: (event: Event) => void }>();

  #source: Source | undefined;
  readonly #pageObserver: PageObserver;
  readonly #turn = new Turn();
  /** Counts the connections, so that what was left of an earlier one is not dispatched. */
  #connection = 0;
  #origin = '';
  #type = '';
  #lastEventId = '';
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });

  /**
   * Opens a stream. The class can be used at once; nothing has to be awaited.
   *
   * @param url the stream's address, absolute or relative to the document (in workers: to the
   *   worker's script)
   * @param eventSourceInitDict `withCredentials` (default `false`): send cookies to other origins, too
   * @throws {DOMException} a `SyntaxError` when the URL is not valid
   */
  constructor(url: string | URL, eventSourceInitDict: EventSourceInit = {}) {
    // biome-ignore lint/complexity/noArguments: WebIDL tells a missing argument from undefined.
    if (arguments.length === 0) {
      throw new TypeError("Failed to construct 'EventSource': 1 argument required, but only 0 present.");
    }
    // [spec] WebIDL converts the arguments in their order, before anything else happens.
    const input = `${url}`;
    const withCredentials = toWithCredentials(eventSourceInitDict);
    super();
    let parsed: URL;
    try {
      parsed = parseURL(input);
    } catch {
      throw new DOMException(`Failed to construct 'EventSource': "${input}" is not a valid URL.`, 'SyntaxError');
    }
    this.#url = parsed.href;
    this.#withCredentials = withCredentials;
    this.#pageObserver = {
      beforeLeave: () => this.#source?.beforeLeave(),
      stay: () => this.#source?.stay(),
      leave: () => this.#source?.leave(this.#lastEventId),
      comeBack: () => this.#source?.comeBack(),
    };
    observe(this.#pageObserver);
    this.#start();
  }

  /** The absolute URL that the source was made with. */
  get url(): string {
    return this.#url;
  }

  /** Whether cookies are sent to other origins, too. */
  get withCredentials(): boolean {
    return this.#withCredentials;
  }

  /** `CONNECTING` (0), `OPEN` (1) or `CLOSED` (2). */
  get readyState(): 0 | 1 | 2 {
    return this.#readyState;
  }

  /** Called at `open`: the connection is established. */
  get onopen(): ((this: EventSource, event: Event) => unknown) | null {
    return this.#handler('open');
  }
  set onopen(value) {
    this.#setHandler('open', value);
  }

  /** Called at `message`: an event without a type, or of type `message`. */
  get onmessage(): ((this: EventSource, event: MessageEvent) => unknown) | null {
    return this.#handler('message');
  }
  set onmessage(value) {
    this.#setHandler('message', value);
  }

  /** Called at `error`: the connection is lost (`CONNECTING`: it will be reestablished; `CLOSED`: for good). */
  get onerror(): ((this: EventSource, event: Event) => unknown) | null {
    return this.#handler('error');
  }
  set onerror(value) {
    this.#setHandler('error', value);
  }

  /** Closes the connection for good, at once: no event comes after it. */
  close(): void {
    this.#readyState = CLOSED;
    // Last, because a page that listens to the abort may call back in.
    this.#release()?.close();
  }

  #start(): void {
    const page: Page = {
      announce: (origin) => {
        this.#origin = origin;
        this.#type = '';
        this.#lastEventId = '';
        this.#connection++;
        this.#readyState = OPEN;
        super.dispatchEvent(new Event('open'));
      },
      reestablish: () => {
        this.#readyState = CONNECTING;
        super.dispatchEvent(new Event('error'));
      },
      fail: (cause, detail) => this.#fail(cause, detail),
      suspend: () => {
        this.#readyState = CONNECTING;
        this.#connection++;
      },
      dispatch: (data, types, ids, changes) => {
        // Decoded here and now: the next call into the engine may move its memory.
        return this.#dispatchBatch(
          this.#decoder.decode(data),
          this.#decoder.decode(types),
          this.#decoder.decode(ids),
          changes.slice(),
        );
      },
    };
    loadEngine()
      .then(({ Source }) => {
        if (this.#readyState === CLOSED) return;
        this.#source = new Source(this.#url, this.#withCredentials, pageOrigin(), page);
      })
      .catch((error) => {
        if (this.#readyState !== CLOSED) this.#fail('wasm', String(error));
      });
  }

  #fail(cause: Cause, detail: string): void {
    this.#readyState = CLOSED;
    this.#release();
    reportFailure(this.#url, cause, detail);
    super.dispatchEvent(new Event('error'));
  }

  /** Lets go of the engine's source, whose memory is given back once no call into it is on the stack. */
  #release(): Source | undefined {
    const source = this.#source;
    this.#source = undefined;
    unobserve(this.#pageObserver);
    if (source) queueMicrotask(() => source.free());
    return source;
  }

  /** Dispatches the events of one batch, in order, until all are or the source is closed. */
  async #dispatchBatch(data: string, types: string, ids: string, changes: Uint8Array): Promise<void> {
    const connection = this.#connection;
    let dataStart = 0;
    let typesStart = 0;
    let idsStart = 0;
    this.#turn.begin();
    for (const change of changes) {
      const dataEnd = data.indexOf(SEPARATOR, dataStart);
      if (change & TYPE_CHANGED) {
        const end = types.indexOf(SEPARATOR, typesStart);
        this.#type = types.slice(typesStart, end);
        typesStart = end + 1;
      }
      if (change & ID_CHANGED) {
        const end = ids.indexOf(SEPARATOR, idsStart);
        this.#lastEventId = ids.slice(idsStart, end);
        idsStart = end + 1;
      }
      super.dispatchEvent(
        createMessageEvent(this.#type || 'message', data.slice(dataStart, dataEnd), this.#origin, this.#lastEventId),
      );
      dataStart = dataEnd + 1;
      await afterReactions();
      if (this.#turn.end()) {
        await nextTask();
        this.#turn.begin();
      }
      if (this.#readyState !== OPEN || this.#connection !== connection) return;
    }
  }

  #handler(type: HandledType): never {
    return (this.#handlers.get(type)?.value ?? null) as never;
  }

  #setHandler(type: HandledType, value: unknown): void {
    const handler = this.#handlers.get(type);
    if (typeof value !== 'function') {
      if (handler) super.removeEventListener(type, handler.listener);
      this.#handlers.delete(type);
    } else if (handler) {
      // [spec] A new handler takes the place of the old one among the listeners.
      handler.value = value as Handler;
    } else {
      const added = {
        value: value as Handler,
        listener: (event: Event) => {
          // [spec] A handler, unlike a listener, cancels the event by returning false.
          if (added.value.call(this, event as never) === false) event.preventDefault();
        },
      };
      this.#handlers.set(type, added);
      super.addEventListener(type, added.listener);
    }
  }

  static {
    // [spec] What a class declaration leaves different from WebIDL's interface objects.
    for (const target of [EventSource, EventSource.prototype]) {
      for (const [name, value] of Object.entries({ CONNECTING, OPEN, CLOSED })) {
        Object.defineProperty(target, name, { value, enumerable: true });
      }
    }
    for (const name of ['url', 'withCredentials', 'readyState', 'onopen', 'onmessage', 'onerror', 'close']) {
      Object.defineProperty(EventSource.prototype, name, { enumerable: true });
    }
    Object.defineProperty(EventSource.prototype, Symbol.toStringTag, { value: 'EventSource', configurable: true });
    // Bundlers rename classes.
    Object.defineProperty(EventSource, 'name', { value: 'EventSource', configurable: true });
  }
}

/** WebIDL's conversion to the dictionary `EventSourceInit`. */
function toWithCredentials(dictionary: unknown): boolean {
  if (dictionary === undefined || dictionary === null) return false;
  if (typeof dictionary !== 'object' && typeof dictionary !== 'function') {
    throw new TypeError("Failed to construct 'EventSource': The provided value is not of type 'EventSourceInit'.");
  }
  return Boolean((dictionary as EventSourceInit).withCredentials);
}
