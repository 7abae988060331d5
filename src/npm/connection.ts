// One connection: what happens to it goes into the engine's connection (`src/connection`), and the actions
// that come back are carried out.

import type { Connection as Machine } from '../../pkg/eventsource_wasm.js';
import { Body } from './body.js';
import type { Engine } from './engine.js';
import { type Cause, type Failure, reportException, toPublic } from './failure.js';
import { isHidden, observe, type PageObserver, unobserve } from './lifecycle.js';
import type { Options, Policy } from './options.js';
import { type Batch, SLICE, StreamParser } from './parser.js';
import { askURL, CallbackError, requestProbe, requestStream, withParam } from './request.js';
import { isEventStream, partsOf, readPiece, retryAfter } from './response.js';
import { Turn } from './turns.js';
import { isCrossOrigin, isLoopback } from './url.js';

/** As `input` of `src/exports.rs` takes them; those of FAILED are inputs, too. */
enum Input {
  Construct = 0,
  Opened = 1,
  Refused = 2,
  RefusedForNow = 3,
  Reached = 4,
  Unreachable = 5,
  Delivered = 6,
  ReconnectionTime = 7,
  Retry = 8,
  GiveUp = 9,
  Elapsed = 10,
  Reconnect = 11,
  BeforeLeave = 12,
  Stay = 13,
  Leave = 14,
  Return = 15,
  Hide = 16,
  Show = 17,
  Offline = 18,
  Online = 19,
  Wake = 20,
  Stale = 21,
}

/** As in `src/exports.rs`, of `Failure` in `src/connection/mod.rs`. */
const FAILED = {
  'content-type': 101,
  limit: 103,
  network: 104,
  ended: 105,
  timeout: 106,
  aborted: 107,
  callback: 108,
  validation: 109,
} as const satisfies Partial<Record<Cause, number>>;

/** `Action` of `src/connection/mod.rs`. */
enum Action {
  Request = 1,
  Probe = 2,
  Abort = 3,
  Wait = 4,
  StopWaiting = 5,
  Announce = 6,
  Decide = 7,
  Reestablish = 8,
  Fail = 9,
  Suspend = 10,
}

/** Of `Repeat` in `src/connection/mod.rs`. */
const REPEAT_NEVER = 2;

/** `FLOOR` of `src/connection/delay.rs`. */
const SHORTEST_WAIT = 100;

/** What a connection asks of the source around it. Every call may run the page's code, but for `suspend`. */
export interface Page {
  /** The connection is open: readyState OPEN, event `open`. `url` is the response's. */
  announce(response: Response, url: string): void;
  /** The connection is being reestablished: readyState CONNECTING, event `error`. */
  reestablish(failure: Failure): void;
  /** The connection has failed for good, and has to be closed: readyState CLOSED, event `error`. */
  fail(failure: Failure): void;
  /** The page is being left or hidden, or `reconnect()` was called: readyState CONNECTING, no event. */
  suspend(): void;
  /** Hands the events of a batch on; the promise, if any, says when all are. */
  deliver(batch: Batch): Promise<unknown> | undefined;
  /** There is nothing more to hand on for now. */
  rest(): void;
}

/** One connection of a source, with all its reconnections. */
export class Connection implements PageObserver {
  /** The standard's last event ID string, as far as events have been dispatched. */
  lastEventId: string;
  readonly turn = new Turn();
  readonly #url: string;
  readonly #options: Options;
  readonly #page: Page;
  #engine: Engine | undefined;
  /** Until the connection is closed. */
  #machine: Machine | undefined;
  /** [spec] The request's current URL: after a redirect, where it led to. */
  #requestURL: string;
  /** Counts the requests, ended ones too: whatever is still to come of an earlier one is void. */
  #request = 0;
  /** The first request, which does not wait for the engine. */
  #firstResponse: Promise<Response> | undefined;
  /** Aborts the latest request. */
  #abortController: AbortController | undefined;
  #response: Response | undefined;
  #body: Body | undefined;
  #parser: StreamParser | undefined;
  #tellsExtras = false;
  #failure: Failure | undefined;
  #wait: ReturnType<typeof setTimeout> | undefined;
  #watchdog: ReturnType<typeof setTimeout> | undefined;
  /** When something was last sent or received (ms). */
  #lastActivity = Date.now();
  /** Events are being handed on; nothing is read meanwhile. */
  #isDelivering = false;
  #openedAt = 0;
  #offlineSince: number | undefined;

  constructor(url: string, options: Options, page: Page, lastEventId: string) {
    this.#url = this.#requestURL = url;
    this.#options = options;
    this.lastEventId = lastEventId;
    this.#page = page;
    observe(this, this.#hasPolicy());
  }

  /** [spec] "Reconnection time", in ms. */
  get reconnectionTime(): number {
    return this.#machine?.reconnectionTime() ?? this.#options.policy[0] ?? 3_000;
  }

  /** Makes the first request before there is an engine. */
  requestEarly(): void {
    if (this.#pausesWhenHidden() && isHidden()) return;
    this.#firstResponse = this.#fetch();
    // The engine listens later, or not at all where it can't be started.
    this.#firstResponse.catch(() => {});
  }

  /** From now on the engine decides. */
  start(engine: Engine): void {
    this.#engine = engine;
    const { repeat, policy, init } = this.#options;
    // Whether CORS forbids what a function of the page's own fetches is not ours to find out.
    const mayBeForbidden = !init.fetch && (init.url !== undefined || isCrossOrigin(this.#url));
    // Where there is none, its members are NaN to the module.
    this.#machine = new engine.Connection(mayBeForbidden, repeat, ...(policy as Policy));
    if (isHidden()) this.hide();
    if (globalThis.navigator?.onLine === false) this.#loseNetwork();
    this.#input(Input.Construct);
  }

  reconnect(): void {
    this.#input(Input.Reconnect);
  }

  /** Nothing comes of it any more. */
  close(): void {
    unobserve(this);
    clearTimeout(this.#wait);
    this.#machine?.free();
    this.#machine = undefined;
    this.#abort();
  }

  beforeLeave(): void {
    this.#input(Input.BeforeLeave);
  }

  stay(): void {
    this.#input(Input.Stay);
  }

  leave(): void {
    this.#goAway(Input.Leave);
  }

  comeBack(): void {
    // Where the request can't be made again.
    this.#failure = { cause: 'aborted', error: 'the page was left' };
    this.#input(Input.Return);
  }

  hide(): void {
    if (this.#pausesWhenHidden()) this.#goAway(Input.Hide);
  }

  show(): void {
    if (this.#pausesWhenHidden()) this.#input(Input.Show);
    this.#wake();
  }

  offline(): void {
    this.#loseNetwork();
  }

  online(): void {
    this.#wake(this.#offlineSince, Input.Online);
    this.#offlineSince = undefined;
  }

  awake(asleepSince: number): void {
    this.#wake(asleepSince);
  }

  /** Comments, ids and `retry` fields are told, too. */
  tellExtras(): void {
    this.#tellsExtras = true;
    this.#parser?.tellExtras();
  }

  #input(input: number, value = 0): void {
    const machine = this.#machine;
    let actions = machine?.input(input, value) ?? 0;
    // The page may close the source wherever code of its own runs.
    for (; actions && this.#machine === machine; actions >>>= 4) this.#act(actions & 15, machine as Machine);
  }

  #act(action: Action, machine: Machine): void {
    switch (action) {
      case Action.Request:
        this.#lastActivity = Date.now();
        this.#run(++this.#request);
        break;
      case Action.Probe:
        this.#probe(++this.#request);
        break;
      case Action.Abort:
        this.#abort();
        break;
      case Action.Wait:
        this.#wait = setTimeout(() => this.#input(Input.Elapsed), machine.wait());
        break;
      case Action.StopWaiting:
        clearTimeout(this.#wait);
        break;
      case Action.Announce:
        this.#announce(this.#response as Response);
        break;
      case Action.Decide:
        this.#decide(machine);
        break;
      case Action.Reestablish:
        this.#page.reestablish(this.#failure as Failure);
        break;
      case Action.Fail:
        this.#page.fail(this.#failure as Failure);
        break;
      case Action.Suspend:
        this.#page.suspend();
    }
  }

  #abort(): void {
    this.#request++;
    clearTimeout(this.#watchdog);
    this.#firstResponse = undefined;
    const body = this.#body;
    this.#body = undefined;
    this.#freeParser();
    // A page that has replaced fetch may listen to the signal and call back in, or may not listen at all.
    this.#abortController?.abort();
    body?.cancel();
  }

  async #fetch(): Promise<Response> {
    const signal = this.#newSignal();
    const { url } = this.#options.init;
    if (url) {
      const given = await askURL(url);
      signal.throwIfAborted();
      this.#requestURL = given;
    }
    return requestStream(this.#requestURL, this.lastEventId, this.#options, signal);
  }

  #newSignal(): AbortSignal {
    this.#abortController = new AbortController();
    return this.#abortController.signal;
  }

  async #probe(request: number): Promise<void> {
    const isReached = isCrossOrigin(this.#requestURL) && (await this.#isReached());
    if (this.#request !== request) return;
    clearTimeout(this.#watchdog);
    if (isReached) this.#failure = { cause: 'cors' };
    this.#input(isReached ? Input.Reached : Input.Unreachable);
  }

  async #isReached(): Promise<boolean> {
    const signal = this.#newSignal();
    this.#watch(this.#options.connectTimeout, () => this.#abortController?.abort());
    try {
      await requestProbe(this.#requestURL, this.#options, signal);
      return true;
    } catch {
      return false;
    }
  }

  /** Makes a request, and reads its stream if the response opens it. */
  async #run(request: number): Promise<void> {
    try {
      if (await this.#opens(request)) this.#open(request);
    } catch (error) {
      this.#end(request, error);
    }
  }

  /** Requests the stream; whether the response opens it. */
  async #opens(request: number): Promise<boolean> {
    const { connectTimeout, isExtended, init } = this.#options;
    this.#watch(connectTimeout);
    const requested = this.#firstResponse ?? this.#fetch();
    this.#firstResponse = undefined;
    const response = await requested;
    if (this.#isOver(request)) {
      // A fetch of the page's own may not have listened to the signal.
      response.body?.cancel().catch(() => {});
      return false;
    }
    clearTimeout(this.#watchdog);
    this.#response = response;
    // A response that a service worker made up has no URL. What a function gives is asked for anew.
    if (response.url && !init.url && isGet(init.method)) {
      const { lastEventIdParam: param } = init;
      this.#requestURL = param && this.lastEventId ? withParam(response.url, param, '') : response.url;
    }
    const { status } = response;
    if (status !== 200 || !isEventStream(this.#engine as Engine, response)) {
      this.#failure = { cause: status === 200 ? 'content-type' : 'status', ...partsOf(response) };
      if (isExtended) this.#failure.body = await readPiece(response);
      if (!this.#isOver(request)) this.#refuse(response);
      return false;
    }
    if (init.validate && (await validate(response, init.validate)) === false && !this.#isOver(request)) {
      this.#fail('validation', undefined, partsOf(response));
    }
    return !this.#isOver(request);
  }

  #refuse(response: Response): void {
    const { status } = response;
    if (status === 200) {
      this.#input(FAILED['content-type']);
      return;
    }
    const isForNow = this.#options.retriesAt(status);
    this.#input(isForNow ? Input.RefusedForNow : Input.Refused, this.#hasPolicy() ? retryAfter(response) : -1);
  }

  /** Announces the connection, and begins to read. */
  #open(request: number): void {
    const stream = (this.#response as Response).body as ReadableStream<Uint8Array<ArrayBuffer>> | null;
    this.#body = stream ? new Body(stream) : undefined;
    this.#openedAt = Date.now();
    this.#input(Input.Opened);
    if (this.#isOver(request)) return;
    this.#watch(this.#options.idleTimeout);
    this.#parser = new StreamParser(this.#engine as Engine, this.lastEventId);
    if (this.#tellsExtras) this.#parser.tellExtras();
    this.#readOn(request);
  }

  /** Waits for the next chunk. No function waits meanwhile: with all of its variables it would be kept. */
  #readOn(request: number): void {
    const body = this.#body;
    if (!body) {
      this.#end(request, undefined, 'ended');
      return;
    }
    const hasWaited = !body.isReady;
    if (hasWaited) this.#page.rest();
    body.next().then(
      (chunk) => void (chunk ? this.#take(request, body, chunk, hasWaited) : this.#end(request, undefined, 'ended')),
      (error) => this.#end(request, error),
    );
  }

  /** Parses a chunk, and hands on what it brought. */
  async #take(request: number, body: Body, chunk: Uint8Array<ArrayBuffer>, hasWaited: boolean): Promise<void> {
    const { turn } = this;
    try {
      // A page that has replaced fetch itself rarely makes a stream of bytes.
      turn.begin(hasWaited, !this.#options.init.fetch && body.isByteStream);
      this.#lastActivity = Date.now();
      // An empty one has to be asked on after, too.
      for (let start = 0; (start === 0 || start < chunk.length) && !this.#isOver(request); start += SLICE) {
        const parser = this.#parser as StreamParser;
        const batch = parser.parse(chunk.length > SLICE ? chunk.subarray(start, start + SLICE) : chunk);
        this.#isDelivering = true;
        const handedOn = this.#handOn(batch);
        // Only now, because it takes longer than the first event; and now, lest what comes is lost with the body.
        if (start + SLICE >= chunk.length) body.readOn(chunk);
        await handedOn;
        this.#isDelivering = false;
        this.#lastActivity = Date.now();
        if (this.#isOver(request)) return;
        if (batch.trailingId !== undefined) this.lastEventId = batch.trailingId;
        if (batch.isLimitExceeded) this.#fail('limit');
        if (turn.isOver()) await turn.end();
      }
      if (!this.#isOver(request)) this.#readOn(request);
    } catch (error) {
      this.#end(request, error);
    }
  }

  /** The body has ended; or it, or the request, has failed. */
  #end(request: number, error: unknown, cause: keyof typeof FAILED = causeOf(error)): void {
    if (this.#isOver(request)) return;
    this.#freeParser();
    this.#fail(cause, error instanceof CallbackError ? error.error : error);
  }

  #freeParser(): void {
    const parser = this.#parser;
    this.#parser = undefined;
    try {
      parser?.free();
    } catch {
      // Where memory has run out in the middle of parsing it can't be freed.
    }
  }

  #isOver(request: number): boolean {
    return this.#request !== request;
  }

  /** Hands on what a slice of the stream brought; the promise, if any, says when all is. */
  #handOn(batch: Batch): Promise<unknown> | undefined {
    if (batch.reconnectionTime !== undefined) this.#input(Input.ReconnectionTime, batch.reconnectionTime);
    if (batch.changes.length === 0) return undefined;
    // Comments and the like are no events.
    if (batch.data) this.#input(Input.Delivered);
    try {
      return this.#page.deliver(batch)?.catch(reportException);
    } catch (error) {
      // The page may have replaced anything of the web that dispatching uses.
      reportException(error);
      return undefined;
    }
  }

  #fail(cause: keyof typeof FAILED, error?: unknown, parts?: Partial<Failure>): void {
    this.#failure = { cause, error, ...parts };
    this.#input(FAILED[cause], Date.now() - this.#openedAt);
  }

  #announce(response: Response): void {
    this.#page.announce(response, response.url || this.#requestURL);
  }

  /** Whether there is another attempt, and after which time: as the standard or the policy has it, or the page. */
  #decide(machine: Machine): void {
    const { init, repeat } = this.#options;
    let failure: Failure = {
      ...(this.#failure as Failure),
      attempt: machine.attempt(),
      willRetry: machine.retries(),
      delay: machine.delay(Math.random()),
    };
    if (init.retry?.when) {
      try {
        failure = { ...failure, ...toVerdict(init.retry.when(toPublic(this.#url, failure))) };
      } catch (error) {
        failure = { ...failure, cause: 'callback', error, willRetry: false };
      }
      if (this.#machine !== machine) return;
    }
    if (repeat === REPEAT_NEVER) {
      failure.willRetry = false;
      if (init.body) failure.remark = ' A stream can be sent only once.';
    }
    this.#failure = failure;
    this.#input(failure.willRetry ? Input.Retry : Input.GiveUp, failure.delay);
  }

  /** Has a wait or a request end as a failed attempt, unless something comes in time (ms; 0 is for ever). */
  #watch(limit: number, end = () => this.#fail('timeout')): void {
    clearTimeout(this.#watchdog);
    this.#lastActivity = Date.now();
    const check = () => {
      // While the page is busy with what has come, nothing more is asked for.
      const left = this.#isDelivering ? limit : this.#lastActivity + limit - Date.now();
      if (left > 0) this.#watchdog = setTimeout(check, left);
      else end();
    };
    if (limit) this.#watchdog = setTimeout(check, limit);
  }

  #goAway(input: Input): void {
    this.#input(input);
    // It will be made anew.
    if (!this.#machine) this.#abort();
  }

  #pausesWhenHidden(): boolean {
    return this.#options.init.pauseWhenHidden === true;
  }

  #hasPolicy(): boolean {
    return this.#options.policy.length > 0;
  }

  /** This machine's own servers need no network. */
  #loseNetwork(): void {
    if (!this.#hasPolicy() || isLoopback(this.#requestURL)) return;
    this.#offlineSince ??= Date.now();
    this.#input(Input.Offline);
  }

  /** A server may be reached again; what has been silent since then is not trusted. */
  #wake(since?: number, input = Input.Wake): void {
    if (!this.#hasPolicy()) return;
    this.#input(input);
    if (since !== undefined && this.#lastActivity <= since) {
      this.#failure = { cause: 'timeout' };
      this.#input(Input.Stale);
    }
  }
}

function causeOf(error: unknown): 'callback' | 'aborted' | 'network' {
  if (error instanceof CallbackError) return 'callback';
  return (error as Error | undefined)?.name === 'AbortError' ? 'aborted' : 'network';
}

function isGet(method = 'GET'): boolean {
  return method.toUpperCase() === 'GET';
}

/** Asks the page about a response. */
async function validate(response: Response, callback: (response: Response) => unknown): Promise<unknown> {
  try {
    const verdict = await callback(response);
    if (response.body?.locked) throw new TypeError('validate has read the body, which holds the events');
    return verdict;
  } catch (error) {
    throw new CallbackError(error);
  }
}

/** What the page's function says of a failure: whether there is another attempt, or after which time (ms). */
function toVerdict(answer: unknown): Partial<Failure> {
  if (answer === undefined) return {};
  if (typeof answer === 'boolean') return { willRetry: answer };
  if (typeof answer === 'number' && answer >= 0) return { willRetry: true, delay: Math.max(answer, SHORTEST_WAIT) };
  // Whoever gave a promise does not learn of it otherwise.
  Promise.resolve(answer).catch(() => {});
  throw new TypeError('retry.when has to return true, false, a number of milliseconds or nothing');
}
