// The class that pages see: the interface of the HTML standard around a connection.
//
// The connection decides what happens and when; this file turns it into events and messages.

import { Connection, type Page } from './connection.js';
import { type Engine, isForbidden, loadEngine } from './engine.js';
import { createEvent, createMessageEvent, ReusableEvent } from './events.js';
import {
  type Cause,
  EventSourceError,
  type Failure,
  isOrderly,
  reportException,
  reportFailure,
  toPublic,
} from './failure.js';
import { type Fallback, fallBack } from './fallback.js';
import { Cutter, EXTRAS, isEvent, Tap, takeFrom, toStream } from './messages.js';
import { type Options, toInit, toOptions } from './options.js';
import { type Batch, COMMENT, ID, RETRY, SEPARATOR } from './parser.js';
import { partsOf } from './response.js';
import { REACTIONS, SETTLED } from './turns.js';
import type { EventSourceInit, EventSourceMessage } from './types/EventSource.js';
import { originOf, parseURL, whyNeverFetched } from './url.js';

const CONNECTING = 0;
const OPEN = 1;
const CLOSED = 2;

/** [ours] Types that no stream can give an event: they are empty, or have a line end. */
const OWN_TYPES = {
  ANY: '',
  COMMENT: EXTRAS[COMMENT],
  ID: EXTRAS[ID],
  RECONNECTION_TIME: EXTRAS[RETRY],
  RECONNECT: '\nreconnect',
} as const;

declare global {
  interface EventTarget {
    /** Of the Observable API; not every browser has it. */
    when?(type: string, options?: object): unknown;
  }
}

/** The URL of a source that was given its stream. */
const STREAM_URL = 'about:event-stream';

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

  /** What a connection may ask of a source. Closures of each source would be a good part of what an idle one takes. */
  static readonly #Page = class implements Page {
    readonly #source: EventSource;

    constructor(source: EventSource) {
      this.#source = source;
    }

    announce(response: Response, url: string): void {
      this.#source.#announce(response, url);
    }

    reestablish(failure: Failure): void {
      this.#source.#reestablish(failure);
    }

    fail(failure: Failure): void {
      this.#source.#fail(failure);
    }

    suspend(): void {
      this.#source.#suspend();
    }

    deliver(batch: Batch): Promise<unknown> | undefined {
      return this.#source.#deliver(batch);
    }

    rest(): void {
      this.#source.#rest();
    }
  };

  /** Handed to the constructor by `fromReadableStream`. */
  static #givenStream: ReadableStream<Uint8Array> | undefined;

  readonly #url: string;
  readonly #options: Options;
  /** Of a source that was given its stream. */
  readonly #stream: ReadableStream<Uint8Array> | undefined;
  #readyState: 0 | 1 | 2 = CONNECTING;
  readonly #handlers: { [type in HandledType]?: { value: Handler; listener: (event: Event) => void } } = {};
  /** The types that were ever listened to. */
  readonly #heard = new Set<string>();
  /** By their type, the events of one burst that nobody is known to listen to. */
  #unheard: Map<string, ReusableEvent> | undefined;

  /** Until the source is closed. */
  #connection: Connection | undefined;
  /** Stands in for the engine where there is no WebAssembly. */
  #fallback: Fallback | undefined;
  /** Counts the times that the source was open, so that what was left of an earlier one is not dispatched. */
  #opened = 0;
  #origin = '';
  #cutter = new Cutter('');
  /** While there is no connection. */
  #lastEventId: string;
  #reconnectionTime = 3_000;
  /** The type of the event that is dispatched as OWN_TYPES.ANY. */
  #anyType = '';
  #taps: readonly Tap[] = [];
  #readable: ReadableStream<EventSourceMessage> | undefined;
  readonly #abort = () => this.close();

  constructor(url: string | URL, eventSourceInitDict: EventSourceInit = {}) {
    // biome-ignore lint/complexity/noArguments: WebIDL tells a missing argument from undefined.
    if (arguments.length === 0) {
      throw new TypeError("Failed to construct 'EventSource': 1 argument required, but only 0 present.");
    }
    // [spec] WebIDL converts the arguments in their order, before anything else happens.
    const input = `${url}`;
    const init = toInit(eventSourceInitDict);
    super();
    let parsed: URL;
    try {
      parsed = parseURL(input);
    } catch {
      throw new DOMException(`Failed to construct 'EventSource': "${input}" is not a valid URL.`, 'SyntaxError');
    }
    this.#url = parsed.href;
    this.#options = toOptions(init);
    this.#lastEventId = init.lastEventId ?? '';
    // It is locked from now on, and stands in for the response to a request.
    const body = EventSource.#givenStream?.pipeThrough(new TransformStream());
    this.#stream = body;
    if (body) {
      const headers = new Headers({ 'Content-Type': 'text/event-stream' });
      this.#options.init.fetch = async () => ({ status: 200, headers, body, url: '' }) as unknown as Response;
      this.#options.needsEngine = true;
      this.#options.repeat = 2;
    }
    if (init.signal?.aborted) this.#readyState = CLOSED;
    else this.#start(body ? undefined : whyNeverFetched(parsed));
  }

  static fromReadableStream(stream: ReadableStream<Uint8Array>): EventSource {
    if (!(stream instanceof ReadableStream) || stream.locked) {
      throw new TypeError(
        "Failed to execute 'fromReadableStream' on 'EventSource': it needs a ReadableStream that nobody reads.",
      );
    }
    EventSource.#givenStream = stream;
    try {
      return new EventSource(STREAM_URL);
    } finally {
      EventSource.#givenStream = undefined;
    }
  }

  get url(): string {
    return this.#url;
  }

  get withCredentials(): boolean {
    return this.#options.withCredentials;
  }

  get readyState(): 0 | 1 | 2 {
    return this.#readyState;
  }

  get lastEventId(): string {
    return this.#connection?.lastEventId ?? this.#lastEventId;
  }

  get reconnectionTime(): number {
    return this.#connection?.reconnectionTime ?? this.#reconnectionTime;
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
    this.#hear(`${args[0]}`);
    super.addEventListener(...args);
  }

  /** Another way to listen, where there are observables. */
  override when(type: string, options?: object): unknown {
    this.#hear(`${type}`);
    return super.when?.(type, options);
  }

  close(): void {
    this.#readyState = CLOSED;
    this.#endTaps(true);
    this.#release();
  }

  reconnect(): void {
    if (this.#stream) {
      throw new DOMException('A source of a ReadableStream has nothing to reconnect to.', 'InvalidStateError');
    }
    if (this.#options.init.signal?.aborted) return;
    if (this.#readyState !== CLOSED && !this.#fallback) {
      this.#connection?.reconnect();
      return;
    }
    this.#release();
    this.#readyState = CONNECTING;
    this.#start(whyNeverFetched(new URL(this.#url)));
  }

  batches(): AsyncGenerator<EventSourceMessage[], void> {
    return this.#take((batch) => [batch]);
  }

  [Symbol.asyncIterator](): AsyncGenerator<EventSourceMessage, void> {
    return this.#take((batch) => batch);
  }

  get readable(): ReadableStream<EventSourceMessage> {
    this.#readable ??= toStream(this[Symbol.asyncIterator]());
    return this.#readable;
  }

  #start(cause: 'scheme' | 'credentials' | undefined): void {
    this.#options.init.signal?.addEventListener('abort', this.#abort);
    if (cause) {
      this.#failLater({ cause });
      return;
    }
    const connection = new Connection(this.#url, this.#options, new EventSource.#Page(this), this.#lastEventId);
    this.#connection = connection;
    for (const type of this.#heard) this.#hear(type);
    queueMicrotask(() => {
      // A source that is closed right away makes no request.
      if (this.#connection === connection) this.#run(connection);
    });
  }

  /** Requests the stream, and starts the engine, which may have to be compiled first. */
  #run(connection: Connection): void {
    const { needsEngine } = this.#options;
    // The browser's own class can make this request as well, should there be no engine.
    if (!needsEngine && !isForbidden()) connection.requestEarly();
    let engine: Engine | Promise<Engine>;
    try {
      engine = loadEngine();
    } catch (error) {
      if (this.#connection === connection) this.#fallBack(error);
      return;
    }
    if (needsEngine) connection.requestEarly();
    // The request may have run code of the page, and that have closed the source.
    if (this.#connection !== connection) return;
    if ('Parser' in engine) {
      connection.start(engine);
      return;
    }
    // The promise may never be settled, and must not keep a source that is closed. One that is not is kept
    // by its connection, which observes the page.
    const references = [new WeakRef(this), new WeakRef(connection)] as const;
    const whileWanted = (act: (source: EventSource, connection: Connection) => void) => {
      const [source, connection] = [references[0].deref(), references[1].deref()];
      // Another one may have taken its place: `reconnect()`.
      if (source && connection && source.#connection === connection) act(source, connection);
    };
    engine.then(
      (engine) => whileWanted((_, connection) => connection.start(engine)),
      (error) => whileWanted((source) => source.#fail({ cause: 'engine', error })),
    );
  }

  /** Does without the engine, for this reason, where the browser has an EventSource of its own that can. */
  #fallBack(reason: unknown): void {
    this.#release();
    if (!this.#options.needsEngine && this.#taps.length === 0) {
      this.#fallback = fallBack(this.#url, this.withCredentials, reason, (readyState, event) => {
        this.#readyState = readyState;
        this.#lastEventId = (event as MessageEvent).lastEventId ?? this.#lastEventId;
        super.dispatchEvent(event);
      });
    }
    for (const type of this.#heard) this.#fallback?.listen(type);
    if (this.#fallback) this.#options.init.signal?.addEventListener('abort', this.#abort);
    else this.#failLater({ cause: 'wasm', error: reason });
  }

  #announce(response: Response, url: string): void {
    this.#origin = originOf(url);
    this.#unheard = undefined;
    this.#cutter = new Cutter(this.lastEventId);
    this.#opened++;
    this.#readyState = OPEN;
    super.dispatchEvent(createEvent('open', partsOf(response)));
  }

  #reestablish(failure: Failure): void {
    this.#readyState = CONNECTING;
    const opened = ++this.#opened;
    const shown = toPublic(this.#url, failure);
    super.dispatchEvent(createEvent('error', shown));
    if (this.#heard.has(OWN_TYPES.RECONNECT) && this.#readyState === CONNECTING && this.#opened === opened) {
      super.dispatchEvent(createEvent(OWN_TYPES.RECONNECT, shown));
    }
  }

  #suspend(): void {
    this.#readyState = CONNECTING;
    this.#opened++;
  }

  /** Nothing comes for now: these events would keep the text of the last batch. */
  #rest(): void {
    this.#unheard = undefined;
  }

  /** [spec] "Fail the connection" is a task of its own: the page adds its listeners before it. */
  #failLater(failure: { cause: Cause; error?: unknown }): void {
    setTimeout(() => this.#fail(failure));
  }

  #fail(failure: Failure): void {
    if (this.#readyState === CLOSED) return;
    this.#readyState = CLOSED;
    this.#release();
    const shown = toPublic(this.#url, failure);
    reportFailure(shown);
    this.#endTaps(false, isOrderly(shown) ? undefined : new EventSourceError(shown));
    super.dispatchEvent(createEvent('error', shown));
  }

  /** Lets go of the connection. */
  #release(): void {
    const connection = this.#connection;
    if (connection) {
      this.#lastEventId = connection.lastEventId;
      this.#reconnectionTime = connection.reconnectionTime;
    }
    this.#connection = undefined;
    this.#fallback?.close();
    this.#fallback = undefined;
    this.#options.init.signal?.removeEventListener('abort', this.#abort);
    // Last, because a page that listens to the abort may call back in.
    connection?.close();
    // Nobody may have begun to read it; whoever has cancels it.
    this.#stream?.cancel().catch(() => {});
  }

  #hear(type: string): void {
    if (type === OWN_TYPES.ANY && !this.#heard.has(type)) {
      // Before all others: who listens to all types wants to know this one's.
      super.addEventListener(type, (event) => Object.defineProperty(event, 'type', { value: this.#anyType }));
    }
    this.#heard.add(type);
    this.#unheard?.delete(type);
    this.#fallback?.listen(type);
    if (Object.values<string>(EXTRAS).includes(type)) this.#connection?.tellExtras();
  }

  #take<Value>(toValues: (batch: EventSourceMessage[]) => Value[]): AsyncGenerator<Value, void> {
    return takeFrom(
      () => this.#openTap(),
      toValues,
      (tap) => {
        if (this.#taps.includes(tap)) this.close();
      },
    );
  }

  #openTap(): Tap {
    const tap = new Tap();
    if (this.#readyState === CLOSED) tap.end(true);
    else if (this.#fallback) tap.end(true, new Error('There is no WebAssembly here: events come to listeners only.'));
    else this.#taps = [...this.#taps, tap];
    return tap;
  }

  #endTaps(isAborted: boolean, error?: unknown): void {
    const taps = this.#taps;
    this.#taps = [];
    for (const tap of taps) tap.end(isAborted, error);
  }

  /** Hands on the messages of one batch, in order, until all are or the source is closed. */
  #deliver(batch: Batch): Promise<unknown> | undefined {
    const connection = this.#connection as Connection;
    const isTaken = this.#taps.length > 0 || this.#options.init.onBatch !== undefined;
    // Where messages are taken otherwise, no event is made that nobody listens to.
    const isDispatched = !isTaken || this.#mayHear(batch);
    const messages = this.#cutter.cut(batch);
    if (!isTaken) return this.#dispatch(messages, false);
    const give = () => this.#give(connection, messages, batch);
    return isDispatched ? this.#dispatch(messages, true).then(give) : give();
  }

  /** Gives a batch to those who do not listen to events; the promise, if any, says when all have taken it. */
  #give(connection: Connection, messages: EventSourceMessage[], { extras }: Batch): Promise<unknown> | undefined {
    connection.lastEventId = (messages.at(-1) as EventSourceMessage).lastEventId;
    const events = extras ? messages.filter(isEvent) : messages;
    if (this.#connection !== connection || events.length === 0) return undefined;
    const taken = this.#taps.map((tap) => tap.give(events));
    const handled = takeWith(this.#options.init.onBatch, events);
    return taken.length > 0 ? Promise.all([...taken, handled]) : handled;
  }

  /** Whether somebody may listen to an event of a batch. A look at each would cost more than all else. */
  #mayHear({ types, extras }: Batch): boolean {
    const { type } = this.#cutter;
    const mayHave = (heard: string) =>
      heard === OWN_TYPES.ANY || heard === type || types.includes(heard === 'message' ? SEPARATOR : heard);
    return extras !== '' || [...this.#heard].some(mayHave);
  }

  /** Dispatches messages as events. Those that are not to be, because the connection is lost, are taken away. */
  async #dispatch(messages: EventSourceMessage[], isTaken: boolean): Promise<void> {
    const connection = this.#connection as Connection;
    const opened = this.#opened;
    for (let index = 0; index < messages.length; index++) {
      const message = messages[index] as EventSourceMessage;
      connection.lastEventId = message.lastEventId;
      for (let type = message.type; ; type = OWN_TYPES.ANY) {
        // First, so that one look-up is enough for an event that nobody wants.
        const unheard = this.#unheard?.get(type);
        if (unheard) {
          if (!isTaken) this.#dispatchUnheard(unheard, message);
        } else if (this.#heard.has(type)) {
          super.dispatchEvent(this.#toEvent(type, message));
          for (let step = 0; step < REACTIONS; step++) await SETTLED;
          if (connection.turn.isOver()) await connection.turn.end();
        } else if (!isTaken && type) {
          const first = new ReusableEvent(type, this.#origin);
          this.#unheard ??= new Map();
          this.#unheard.set(type, first);
          this.#dispatchUnheard(first, message);
        }
        if (this.#connection !== connection) return;
        // The next response goes on after this one.
        if (this.#opened !== opened) messages.length = index + 1;
        if (!type || !this.#heard.has(OWN_TYPES.ANY) || !isEvent(message)) break;
      }
    }
  }

  /** The event of a message, as those have it who listen to `heard`. */
  #toEvent(heard: string, message: EventSourceMessage): Event {
    const { type, data } = message;
    const event = createMessageEvent(heard, message, this.#origin);
    if (type === OWN_TYPES.RECONNECTION_TIME) Object.assign(event, { reconnectionTime: Number(data) });
    this.#anyType = type;
    return event;
  }

  /**
   * Dispatches what nobody is known to listen to: whoever has called EventTarget's `addEventListener` instead of
   * ours. All of a type in one burst are one event, until somebody looks at it.
   */
  #dispatchUnheard(unheard: ReusableEvent, message: EventSourceMessage): void {
    super.dispatchEvent(unheard.with(message));
    if (unheard.isSeen) this.#hear(message.type);
  }

  #handler(type: HandledType): never {
    return (this.#handlers[type]?.value ?? null) as never;
  }

  #setHandler(type: HandledType, value: unknown): void {
    const handler = this.#handlers[type];
    if (typeof value !== 'function') {
      if (handler) super.removeEventListener(type, handler.listener);
      delete this.#handlers[type];
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
      this.#handlers[type] = added;
      super.addEventListener(type, added.listener);
      this.#hear(type);
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
    if (!('when' in EventTarget.prototype)) Reflect.deleteProperty(EventSource.prototype, 'when');
    for (const [name, value] of Object.entries(OWN_TYPES)) Object.defineProperty(EventSource, name, { value });
    Object.defineProperty(EventSource.prototype, Symbol.toStringTag, { value: 'EventSource', configurable: true });
    // Bundlers rename classes.
    Object.defineProperty(EventSource, 'name', { value: 'EventSource', configurable: true });
  }
}

/** Hands messages to a function of the page's own; what it throws is its own matter. */
function takeWith(take: EventSourceInit['onBatch'], messages: EventSourceMessage[]): Promise<unknown> | undefined {
  try {
    const taken: unknown = take?.(messages);
    return taken === undefined ? undefined : Promise.resolve(taken).catch(reportException);
  } catch (error) {
    reportException(error);
    return undefined;
  }
}
