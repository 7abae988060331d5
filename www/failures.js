// The panel of failures: what the package tells of each, and which ones another attempt follows.

import { EventSource } from '/dist/index.js';
import { element, field, putOnTop } from './dom.js';
import { failureCard } from './failure-card.js';
import { SourceStatus } from './source-status.js';
import { offerStop } from './toggle.js';
import { randomClient } from './trouble.js';

/** The policy of all sources here. */
const RETRY = { statuses: 'transient', attempts: 3 };

/** A server that is overloaded, then behind a proxy that says so, then well. */
const OVERLOADED = [
  {
    status: 503,
    headers: { 'content-type': 'application/json', 'retry-after': '5' },
    steps: [{ text: '{"error":"overloaded","hint":"Come back in five seconds."}' }],
  },
  {
    status: 502,
    headers: { 'content-type': 'text/plain' },
    steps: [{ text: 'Bad gateway: the server is starting.' }],
  },
  [{ text: 'data: I am well again.\n\n' }, { hang: true }],
];

/** What each button has the server answer: the URL, and options beside the policy. */
const ANSWERS = {
  // As a body, because a script in the URL would be all that the message is about.
  overloaded: () => [`/events/script?key=${randomClient()}`, { method: 'POST', body: JSON.stringify(OVERLOADED) }],
  missing: () => [`/events/status/404?${json({ error: 'There is no stream of this name.' })}`],
  'web-page': () => ['/events/status/200?type=text/html&body=<!doctype html>%0A<title>Please log in</title>'],
  nothing: () => ['/events/hang', { connectTimeout: 2_000 }],
};

export function startFailures(panel) {
  const status = new SourceStatus(panel);
  const list = field(panel, 'failures');
  let source;

  function open([url, options]) {
    list.replaceChildren();
    source?.close();
    source = new EventSource(url, { retry: RETRY, ...options });
    status.follow(source);

    source.addEventListener('error', (event) => {
      put(failureCard(event));
    });
    source.onmessage = ({ data }) => {
      put(element('p', 'recovered', data));
      // It has shown all that there is.
      source.close();
      status.closed('the stream is well, closed by the page');
    };
  }

  function put(content) {
    const item = element('li', '');
    item.append(content);
    putOnTop(list, item);
    list.scrollTop = 0;
  }

  for (const [action, answer] of Object.entries(ANSWERS)) {
    panel.querySelector(`[data-action="${action}"]`).addEventListener('click', () => open(answer()));
  }
  offerStop(panel, status, () => source);
}

/** The query of a response in JSON. */
function json(value) {
  return new URLSearchParams({ type: 'application/json', body: JSON.stringify(value) });
}
