// What a source is told at its construction: every option is checked, and a wrong one named.

import type { EventSourceInit, EventSourceRetry } from './types/EventSource.js';

/** The longest time (ms) that a timer can hold. */
const LONGEST_TIMER = 2 ** 31 - 1;
const A_TIME = `a number of milliseconds from 0 to ${LONGEST_TIMER}`;
const A_FUNCTION = 'a function';
/** Requests are checked without regard to where they go. */
const ANY_URL = 'http://localhost';

/**
 * The numbers of `retry` with their default, least and greatest value, in the order in which
 * `Connection` of `src/exports.rs` takes them.
 */
const RETRY_NUMBERS = {
  delay: [3_000, 0, LONGEST_TIMER],
  factor: [2, 1, 1_000],
  maxDelay: [30_000, 0, LONGEST_TIMER],
  jitter: [0.5, 0, 1],
  attempts: [Number.POSITIVE_INFINITY, 0, Number.POSITIVE_INFINITY],
  resetAfter: [-1, 0, LONGEST_TIMER],
} as const satisfies Partial<Record<keyof EventSourceRetry, [number, number, number]>>;

const RETRY_MEMBERS = [...Object.keys(RETRY_NUMBERS), 'statuses', 'when', 'resend'];

/** The options that the browser's own class, too, could do with: it would lack them, but not do anything wrong. */
const BROWSERS = ['withCredentials', 'retry', 'connectTimeout', 'idleTimeout', 'pauseWhenHidden', 'signal'] as const;

/** The options that need the engine. */
const OURS = [
  'credentials',
  'url',
  'headers',
  'method',
  'body',
  'fetch',
  'lastEventId',
  'lastEventIdParam',
  'validate',
  'onBatch',
] as const satisfies Exclude<keyof EventSourceInit, (typeof BROWSERS)[number]>[];

/** Like every dictionary, it may have its members undefined. */
export type Init = { [Name in keyof EventSourceInit]?: EventSourceInit[Name] | undefined };

/** The options as the rest of the class uses them. */
export interface Options {
  /** What the page gave, but for what the members below say. */
  init: Init;
  withCredentials: boolean;
  credentials: RequestCredentials;
  connectTimeout: number;
  idleTimeout: number;
  /** What `Connection` of `src/exports.rs` takes; empty where the page gave no `retry`. */
  policy: number[];
  /** Whether the page's policy tries again at a status. */
  retriesAt(status: number): boolean;
  /** `Repeat` of `src/connection/mod.rs`: 0 always, 1 until delivered, 2 never. */
  repeat: 0 | 1 | 2;
  /** The page gave anything that the standard does not know. */
  isExtended: boolean;
  /** What it gave is beyond the browser's own class. */
  needsEngine: boolean;
}

/** WebIDL's conversion to the dictionary `EventSourceInit`. @throws {TypeError} */
export function toInit(given: unknown): Init {
  if (given === undefined || given === null) return {};
  if (typeof given !== 'object' && typeof given !== 'function') {
    throw new TypeError("Failed to construct 'EventSource': The provided value is not of type 'EventSourceInit'.");
  }
  // A copy, because what the page changes later has no effect; inherited members count.
  return Object.fromEntries([...BROWSERS, ...OURS].map((name) => [name, (given as EventSourceInit)[name]]));
}

/** @throws {TypeError} that names the option */
export function toOptions(init: Init): Options {
  init.retry = toRetry(init.retry);
  const { withCredentials, credentials, connectTimeout = 0, idleTimeout = 0, pauseWhenHidden } = init;
  const { url, fetch, method, body, signal, lastEventId, lastEventIdParam, retry, validate, onBatch } = init;
  for (const [name, value] of Object.entries({ url, fetch, validate, onBatch })) {
    check(name, value, typeof value === 'function', A_FUNCTION);
  }
  check(
    'credentials',
    credentials,
    ['omit', 'same-origin', 'include'].includes(credentials as string),
    '"omit", "same-origin" or "include"',
  );
  check(
    'lastEventId',
    lastEventId,
    typeof lastEventId === 'string' && !/[\0\r\n]/.test(lastEventId),
    'a string without line ends and null characters',
  );
  check(
    'lastEventIdParam',
    lastEventIdParam,
    typeof lastEventIdParam === 'string' && lastEventIdParam !== '',
    'the name of a query parameter',
  );
  for (const [name, value] of Object.entries({ connectTimeout, idleTimeout })) {
    check(name, value, isNumber(value, 0, LONGEST_TIMER), A_TIME);
  }
  check('pauseWhenHidden', pauseWhenHidden, typeof pauseWhenHidden === 'boolean', 'true or false');
  // Of any realm, or a polyfill.
  check(
    'signal',
    signal ?? undefined,
    typeof signal?.aborted === 'boolean' && typeof signal.addEventListener === 'function',
    'an AbortSignal',
  );
  checkRequest(init);
  const isGiven = (name: keyof Init) => init[name] !== undefined;
  return {
    init,
    withCredentials: credentials ? credentials === 'include' : Boolean(withCredentials),
    credentials: credentials ?? (withCredentials ? 'include' : 'same-origin'),
    connectTimeout,
    idleTimeout,
    policy: toPolicy(retry),
    retriesAt: toStatuses(retry),
    repeat: body instanceof ReadableStream ? 2 : retry?.resend || isSafe(method) ? 0 : 1,
    isExtended: [...BROWSERS.slice(1), ...OURS].some(isGiven),
    needsEngine: OURS.some(isGiven),
  };
}

/** Whether a request of this method changes nothing, so that it can be made at any time. */
function isSafe(method = 'GET'): boolean {
  return /^(?:get|head)$/i.test(method);
}

/** What `fetch` would refuse later, or drop without a word. */
function checkRequest(init: Init): void {
  const { headers, method, body } = init;
  check('method', method, typeof method === 'string', 'a text');
  if (method !== undefined) attempt('method', { method });
  // A copy, because what is given may change later, or be an iterator.
  if (headers !== undefined && typeof headers !== 'function') init.headers = checkHeaders(headers);
  if (body === undefined || body === null) return;
  check('body', body, !isSafe(method), 'left out, or sent with another method, such as "POST"');
  if (typeof body !== 'function') checkBody(body);
}

/** @throws {TypeError} where `fetch` would refuse a body, or send another text than was meant */
export function checkBody(body: BodyInit): void {
  // What the browser does not know, which may be streams, becomes a text such as "[object Object]".
  const { headers } = attempt('body', { method: 'POST', body, duplex: 'half' } as RequestInit);
  const isText = headers.get('Content-Type') === 'text/plain;charset=UTF-8';
  const expected = `what this browser can send, not ${body}: a text, such as JSON.stringify gives, is`;
  check('body', body, typeof body === 'string' || !isText, expected);
}

function attempt(name: string, init: RequestInit): Request {
  try {
    return new Request(ANY_URL, init);
  } catch (error) {
    throw new TypeError(`${of(name)} can't be used (${(error as Error).message}).`);
  }
}

/** @throws {TypeError} where `fetch` would refuse a header, or drop it */
export function checkHeaders(given: HeadersInit): Headers {
  let headers: Headers;
  try {
    headers = new Headers(given);
  } catch (error) {
    throw new TypeError(`${of('headers')} can't be sent (${(error as Error).message}).`);
  }
  const { headers: allowed } = new Request(ANY_URL, { headers });
  for (const [name] of headers) {
    if (!allowed.has(name))
      throw new TypeError(`${of('headers')} has "${name}", which browsers do not let a page send.`);
  }
  return headers;
}

/** A copy of the policy: what the page changes later has no effect; inherited members count. */
function toRetry(retry: EventSourceRetry | undefined): EventSourceRetry | undefined {
  if (retry === undefined) return undefined;
  check('retry', retry, typeof retry === 'object' && retry !== null, 'an object');
  for (const name of Object.keys(retry)) {
    check(`retry.${name}`, name, RETRY_MEMBERS.includes(name), `one of ${RETRY_MEMBERS.join(', ')}`);
  }
  return Object.fromEntries(RETRY_MEMBERS.map((name) => [name, retry[name as keyof EventSourceRetry]]));
}

function toPolicy(retry: EventSourceRetry | undefined): number[] {
  if (!retry) return [];
  check('retry.when', retry.when, typeof retry.when === 'function', A_FUNCTION);
  check('retry.resend', retry.resend, typeof retry.resend === 'boolean', 'true or false');
  return Object.entries(RETRY_NUMBERS).map(([name, [fallback, least, greatest]]) => {
    const value = retry[name as keyof typeof RETRY_NUMBERS];
    check(`retry.${name}`, value, isNumber(value, least, greatest), `a number from ${least} to ${greatest}`);
    return value ?? fallback;
  });
}

function toStatuses({ statuses }: EventSourceRetry = {}): (status: number) => boolean {
  const list = Array.isArray(statuses) ? [...statuses] : [];
  const isStatus = (value: unknown) => Number.isInteger(value) && isNumber(value, 200, 599);
  const expected = '"transient" or an array of statuses';
  check(
    'retry.statuses',
    statuses,
    statuses === 'transient' || (Array.isArray(statuses) && list.every(isStatus)),
    expected,
  );
  return statuses === 'transient'
    ? (status) => [408, 425, 429].includes(status) || status >= 500
    : (status) => list.includes(status);
}

function isNumber(value: unknown, least: number, greatest: number): boolean {
  return typeof value === 'number' && value >= least && value <= greatest;
}

/** An option that was not given is right. */
function check(name: string, value: unknown, isRight: boolean, expected: string): void {
  if (value !== undefined && !isRight) throw new TypeError(`${of(name)} has to be ${expected}.`);
}

const of = (name: string) => `Failed to construct 'EventSource': the option ${name}`;
