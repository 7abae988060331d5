// The class that pages see: the interface of the HTML standard around the engine.
//
// The engine (src/web) decides what happens and when; this file turns it into events.

import type { Failure, Page, Source } from '../../pkg/eventsource_wasm.js';
import { type Engine, isForbidden, loadEngine } from './engine.js';
import { createEvent, createMessageEvent } from './events.js';
import { type Cause, explain, reportFailure } from './failure.js';
import { type Fallback, fallBack } from './fallback.js';
import { observe, type PageObserver, unobserve } from './lifecycle.js';
import { requestProbe, requestStream } from './request.js';
import { decodeUTF8, encodeUTF8 } from './text.js';
import { afterReactions, nextTask, Turn } from './turns.js';
import { isCrossOrigin, originOf, parseURL, whyNeverFetched } from './url.js';

const CONNECTING = 0;
const OPEN = 1;
const CLOSED = 2;

// As in `src/parser.rs`.
const TYPE_CHANGED = 1;
const ID_CHANGED = 2;
const SEPARATOR = '\r';

// As in `src/connection/mod.rs`.
const FAILURES = ['status', 'content-type', 'cors', 'limit'] as const satisfies Record<Failure, Cause>;

/** The events of a source that have an event handler attribute. */
type HandledType = 'open' | 'message' | 'error';
type Handler = (this: EventSource, event: never) => unknown;

/** The interface is documented where users see it: `types/EventSource.d.ts`. */
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
  /** Stands in for the engine where there is no WebAssembly. */
  #fallback: Fallback | undefined;
  /** The types that are listened to, until it is clear whether there is an engine. */
  #types: string[] | undefined = [];
  readonly #pageObserver: PageObserver;
  readonly #turn = new Turn();
  /** [spec] The request's current URL: after a redirect, where it led to. */
  #requestURL: string;
  /** The first request, which does not wait for the engine. */
  #firstRequest: Promise<Response> | undefined;
  /** Aborts the latest request. */
  #abortController: AbortController | undefined;
  /** The latest response, until it has opened the stream. */
  #response: Response | undefined;
  /** Counts the connections, so that what was left of an earlier one is not dispatched. */
  #connection = 0;
  #origin = '';
  #type = '';
  #lastEventId = '';

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
    this.#url = this.#requestURL = parsed.href;
    this.#withCredentials = withCredentials;
    this.#pageObserver = {
      beforeLeave: () => this.#source?.beforeLeave(),
      stay: () => this.#source?.stay(),
      leave: () => {
        if (this.#source) this.#source.leave(encodeUTF8(this.#lastEventId));
        else this.#dropFirstRequest();
      },
      comeBack: () => this.#source?.comeBack(),
    };
    this.#start(parsed);
  }

  get url(): string {
    return this.#url;
  }

  get withCredentials(): boolean {
    return this.#withCredentials;
  }

  get readyState(): 0 | 1 | 2 {
    return this.#readyState;
  }

  get onopen(): ((this: EventSource, event: Event) => unknown) | null {
    return this.#handler('open');
  }
  set onopen(value) {
    this.#setHandler('open', value);
  }

  get onmessage(): ((this: EventSource, event: MessageEvent) => unknown) | null {
    return this.#handler('message');
  }
  set onmessage(value) {
    this.#setHandler('message', value);
  }

  get onerror(): ((this: EventSource, event: Event) => unknown) | null {
    return this.#handler('error');
  }
  set onerror(value) {
    this.#setHandler('error', value);
  }

  override addEventListener(...args: Parameters<EventTarget['addEventListener']>): void {
    super.addEventListener(...args);
    this.#types?.push(args[0]);
    this.#fallback?.listen(args[0]);
  }

  close(): void {
    this.#readyState = CLOSED;
    this.#fallback?.close();
    // Last, because a page that listens to the abort may call back in.
    this.#release()?.close();
    this.#abortController?.abort();
  }

  #start(url: URL): void {
    const cause = whyNeverFetched(url);
    if (cause) {
      this.#failLater(cause);
      return;
    }
    observe(this.#pageObserver);
    queueMicrotask(() => this.#run());
  }

  /** Requests the stream, and then starts the engine, which may have to be compiled first. */
  #run(): void {
    // A source that is closed right away makes no request.
    if (this.#readyState === CLOSED) return;
    if (!isForbidden()) {
      this.#firstRequest = this.#request('');
      // The engine listens later, or not at all where it can't be started.
      this.#firstRequest.catch(() => {});
    }
    let engine: Engine | Promise<Engine>;
    try {
      engine = loadEngine();
    } catch (error) {
      this.#fallBack(error);
      return;
    }
    this.#types = undefined;
    if ('Source' in engine) {
      this.#handOver(engine);
      return;
    }
    // The promise may never be settled, and must not keep a source that is closed. One that is not is kept
    // by its page observer.
    const reference = new WeakRef(this);
    const withSource = (act: (source: EventSource) => void) => {
      const source = reference.deref();
      if (source) act(source);
    };
    engine.then(
      (engine) => withSource((source) => source.#handOver(engine)),
      (error) => withSource((source) => source.#fail('engine', error)),
    );
  }

  /** Does without the engine, for this reason, where the browser has an EventSource of its own. */
  #fallBack(reason: unknown): void {
    unobserve(this.#pageObserver);
    this.#dropFirstRequest();
    this.#fallback = fallBack(this.#url, this.#withCredentials, reason, (readyState, event) => {
      this.#readyState = readyState;
      super.dispatchEvent(event);
    });
    for (const type of this.#types ?? []) this.#fallback?.listen(type);
    this.#types = undefined;
    if (!this.#fallback) this.#failLater('wasm', reason);
  }

  #handOver(engine: Engine): void {
    if (this.#readyState === CLOSED) return;
    this.#source = new engine.Source(this.#page(), isCrossOrigin(this.#url));
  }

  /** It will be made anew. */
  #dropFirstRequest(): void {
    this.#firstRequest = undefined;
    this.#abortController?.abort();
  }

  #page(): Page {
    return {
      request: (lastEventId) => {
        const request = this.#firstRequest ?? this.#request(decodeUTF8(lastEventId));
        this.#firstRequest = undefined;
        return request;
      },
      probe: () => requestProbe(this.#requestURL, this.#withCredentials, this.#newSignal()),
      abort: () => this.#abortController?.abort(),
      announce: () => {
        this.#origin = originOf(this.#requestURL);
        this.#response = undefined;
        this.#type = '';
        this.#lastEventId = '';
        this.#connection++;
        this.#readyState = OPEN;
        super.dispatchEvent(createEvent('open'));
      },
      reestablish: () => {
        this.#readyState = CONNECTING;
        super.dispatchEvent(createEvent('error'));
      },
      fail: (failure) => this.#fail(FAILURES[failure]),
      suspend: () => {
        this.#readyState = CONNECTING;
        this.#connection++;
      },
      dispatch: (data, types, ids, changes) => {
        // Decoded here and now: the next call into the engine may move its memory.
        return this.#dispatchBatch(decodeUTF8(data), decodeUTF8(types), decodeUTF8(ids), changes.slice());
      },
    };
  }

  async #request(lastEventId: string): Promise<Response> {
    const signal = this.#newSignal();
    const response = await requestStream(this.#requestURL, this.#withCredentials, lastEventId, signal);
    if (!signal.aborted) {
      this.#response = response;
      // A response that a service worker made up has no URL.
      this.#requestURL = response.url || this.#requestURL;
    }
    return response;
  }

  #newSignal(): AbortSignal {
    this.#abortController = new AbortController();
    return this.#abortController.signal;
  }

  /** [spec] "Fail the connection" is a task of its own: the page adds its listeners before it. */
  #failLater(cause: Cause, detail?: unknown): void {
    setTimeout(() => this.#fail(cause, detail));
  }

  #fail(cause: Cause, detail?: unknown): void {
    if (this.#readyState === CLOSED) return;
    this.#readyState = CLOSED;
    this.#release();
    this.#abortController?.abort();
    const message = explain(this.#url, cause, this.#response, detail);
    reportFailure(message, cause, this.#response);
    this.#response = undefined;
    super.dispatchEvent(Object.assign(createEvent('error'), { message }));
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
