// A failure of a stream as a card: all that the package tells of it, for people.

import { element } from './dom.js';

/** What a cause means, where the response's status does not say it better. */
const TITLES = {
  network: 'A network error',
  ended: 'The server ended the stream',
  'content-type': 'Not an event stream',
  cors: 'The server does not allow this origin',
  timeout: 'Nothing came in time',
  callback: 'A function has thrown',
};

/** The headers that explain most. */
const HEADERS = ['Retry-After', 'Content-Type'];

/** `failure` is an `error` event or an `EventSourceError`: both have the same members. */
export function failureCard(failure) {
  const { cause, status, message, headers, body, error, willRetry, delay, attempt } = failure;
  const card = element('article', 'failure');
  card.dataset.retry = willRetry;

  const head = element('header', '');
  const title = cause === 'status' ? `Status ${status}` : (TITLES[cause] ?? cause);
  head.append(element('h4', '', title), element('p', 'verdict', willRetry ? 'tries again' : 'final'));

  const facts = element('dl', '');
  const add = (name, value, className = '') => {
    const fact = element('div', className);
    fact.append(element('dt', '', name), element('dd', '', String(value)));
    facts.append(fact);
  };
  add('cause', cause);
  if (status) add('status', status);
  add('willRetry', willRetry);
  if (willRetry) add('delay', `${Math.round(delay)} ms`);
  if (attempt > 0) add('attempt', attempt);
  for (const name of HEADERS) {
    if (headers?.has(name)) add(name, headers.get(name), 'wide');
  }

  card.append(head);
  const said = body ? readable(body) : (error ?? '');
  if (said) card.append(element('pre', '', `${said}`));
  card.append(facts, element('p', 'message', message));
  return card;
}

/** JSON with line breaks, anything else as it is; so is JSON of which only the beginning is there. */
function readable(body) {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
