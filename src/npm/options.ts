// What a source is told at its construction: every option is checked, and a wrong one named.

import type { EventSourceInit, EventSourceRetry } from './types/EventSource.js';

/** What is right for an option, and what it has to be, in words. */
type Rule = readonly [isRight: (value: unknown) => boolean, expected?: string];

/** The longest time (ms) that a timer can hold. */
const LONGEST_TIMER = 2 ** 31 - 1;
/** Requests are checked without regard to where they go. */
const ANY_URL = 'http://localhost';

const ANYTHING: Rule = [() => true];
const A_FUNCTION: Rule = [(value) => typeof value === 'function', 'a function'];
const A_BOOLEAN: Rule = [(value) => typeof value === 'boolean', 'true or false'];
const A_STRING: Rule = [(value) => typeof value === 'string', 'a string'];
const A_TIME = numberFrom(0, LONGEST_TIMER);

/** The options; of some it takes more to tell whether they are right. */
const RULES: { [Name in keyof EventSourceInit]-?: Rule } = {
  withCredentials: ANYTHING,
  credentials: [
    (value) => ['omit', 'same-origin', 'include'].includes(value as string),
    '"omit", "same-origin" or "include"',
  ],
  headers: ANYTHING,
  method: A_STRING,
  body: ANYTHING,
  url: A_FUNCTION,
  fetch: A_FUNCTION,
  // Of any realm, or a polyfill.
  signal: [
    (value) => value === null || ['aborted', 'addEventListener'].every((name) => name in Object(value)),
    'an AbortSignal',
  ],
  lastEventId: [
    (value) => typeof value === 'string' && !/[\0\r\n]/.test(value),
    'a string without line ends and null characters',
  ],
  lastEventIdParam: [(value) => typeof value === 'string' && value !== '', 'the name of a query parameter'],
  retry: [(value) => typeof value === 'object' && value !== null, 'an object'],
  connectTimeout: A_TIME,
  idleTimeout: A_TIME,
  pauseWhenHidden: A_BOOLEAN,
  validate: A_FUNCTION,
  onBatch: A_FUNCTION,
};

/** The options that the browser's own class, too, could do with: it would lack them, but not do anything wrong. */
const BROWSERS = ['withCredentials', 'retry', 'connectTimeout', 'idleTimeout', 'pauseWhenHidden', 'signal'];

const RETRY_RULES: { [Name in keyof EventSourceRetry]-?: Rule } = {
  delay: A_TIME,
  factor: numberFrom(1, 1_000),
  maxDelay: A_TIME,
  jitter: numberFrom(0, 1),
  attempts: numberFrom(0, Number.POSITIVE_INFINITY),
  resetAfter: A_TIME,
  statuses: [
    (value) => value === 'transient' || (Array.isArray(value) && [...value].every(isStatus)),
    '"transient" or a list of statuses',
  ],
  resend: A_BOOLEAN,
  when: A_FUNCTION,
};

/** Like every dictionary, it may have its members undefined. */
export type Init = { [Name in keyof EventSourceInit]?: EventSourceInit[Name] | undefined };

/** The members of `Retry` in `src/connection/delay.rs`, in their order. */
export type Policy = [
  delay: number,
  factor: number,
  maxDelay: number,
  jitter: number,
  attempts: number,
  resetAfter: number,
];

/** The options as the rest of the class uses them. */
export interface Options {
  /** What the page gave, but for what the members below say. */
  init: Init;
  withCredentials: boolean;
  credentials: RequestCredentials;
  connectTimeout: number;
  idleTimeout: number;
  /** Empty where the page gave no `retry`. */
  policy: Policy | [];
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
  return take<Init>('', RULES, given);
}

/** @throws {TypeError} that names the option */
export function toOptions(init: Init): Options {
  const retry = toRetry(init.retry);
  init.retry = retry;
  const { withCredentials, credentials, connectTimeout = 0, idleTimeout = 0, method, body } = init;
  checkRequest(init);
  const given = Object.keys(RULES).filter((name) => init[name as keyof Init] !== undefined);
  return {
    init,
    withCredentials: credentials ? credentials === 'include' : Boolean(withCredentials),
    credentials: credentials ?? (withCredentials ? 'include' : 'same-origin'),
    connectTimeout,
    idleTimeout,
    policy: toPolicy(retry),
    retriesAt: toStatuses(retry),
    repeat: body instanceof ReadableStream ? 2 : retry?.resend || isSafe(method) ? 0 : 1,
    isExtended: given.some((name) => name !== 'withCredentials'),
    needsEngine: given.some((name) => !BROWSERS.includes(name)),
  };
}

/** Whether a request of this method changes nothing, so that it can be made at any time. */
function isSafe(method = 'GET'): boolean {
  return /^(?:get|head)$/i.test(method);
}

/** What `fetch` would refuse later, or drop without a word. */
function checkRequest(init: Init): void {
  const { headers, method, body } = init;
  if (method !== undefined) attempt('method', { method });
  // A copy, because what is given may change later, or be an iterator.
  if (headers !== undefined && typeof headers !== 'function') init.headers = checkHeaders(headers);
  if (body === undefined || body === null) return;
  check('body', body, [() => !isSafe(method), 'left out, or sent with another method, such as "POST"']);
  if (typeof body !== 'function') checkBody(body as BodyInit);
}

/** @throws {TypeError} where `fetch` would refuse a body, or send another text than was meant */
export function checkBody(body: BodyInit): void {
  // What the browser does not know, which may be streams, becomes a text such as "[object Object]".
  const { headers } = attempt('body', { method: 'POST', body, duplex: 'half' } as RequestInit);
  const isText = headers.get('Content-Type') === 'text/plain;charset=UTF-8';
  const expected = `a text (JSON.stringify) or what else this browser can send, not ${body}`;
  check('body', body, [() => typeof body === 'string' || !isText, expected]);
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

/** The policy, with all its members. */
function toRetry(given: EventSourceRetry | undefined): EventSourceRetry | undefined {
  if (!given) return undefined;
  const names = Object.keys(RETRY_RULES);
  for (const name of Object.keys(given)) {
    check(`retry.${name}`, name, [() => names.includes(name), `one of ${names.join(', ')}`]);
  }
  return take('retry.', RETRY_RULES, given);
}

function toPolicy(retry: EventSourceRetry | undefined): Policy | [] {
  if (!retry) return [];
  const { delay = 3_000, factor = 2, maxDelay = 30_000, jitter = 0.5 } = retry;
  const { attempts = Number.POSITIVE_INFINITY, resetAfter = -1 } = retry;
  return [delay, factor, maxDelay, jitter, attempts, resetAfter];
}

function toStatuses({ statuses }: EventSourceRetry = {}): (status: number) => boolean {
  if (!statuses) return atNone;
  const list = [...statuses] as number[];
  return statuses === 'transient'
    ? (status) => [408, 425, 429].includes(status) || status >= 500
    : (status) => list.includes(status);
}

/** No status is tried again at. */
const atNone = () => false;

function numberFrom(least: number, greatest: number): Rule {
  return [
    (value) => typeof value === 'number' && value >= least && value <= greatest,
    `a number from ${least} to ${greatest}`,
  ];
}

function isStatus(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 200 && (value as number) < 600;
}

/** A copy, because what the page changes later has no effect; inherited members count. */
function take<Dictionary extends object>(prefix: string, rules: Record<keyof Dictionary, Rule>, given: Dictionary) {
  const members = Object.entries<Rule>(rules).map(([name, rule]) => {
    const value = given[name as keyof Dictionary];
    check(prefix + name, value, rule);
    return [name, value];
  });
  return Object.fromEntries(members) as Dictionary;
}

/** An option that was not given is right. */
function check(name: string, value: unknown, [isRight, expected]: Rule): void {
  if (value !== undefined && !isRight(value)) throw new TypeError(`${of(name)} has to be ${expected}.`);
}

const of = (name: string) => `EventSource: the option ${name}`;
