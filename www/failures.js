// The panel of failures: what the package tells of each, and which ones another attempt follows.

import { EventSource } from '/dist/index.js';
import { element, field, putOnTop } from './dom.js';
import { failureCard } from './failure-card.js';
import { SourceStatus } from './source-status.js';
import { offerStop } from './toggle.js';
import { randomClient } from './trouble.js';

/** The policy of all sources here. */
const RETRY = { statuses: 'transient', attempts: 3 };

/** What each button has the server answer, request by request, and options beside the policy. */
const ANSWERS = {
  overloaded: [
    [
      response(503, 'application/json', '{"error":"overloaded","hint":"Come back in ten seconds."}', {
        'retry-after': '10',
      }),
      response(502, 'text/plain', 'Bad gateway: the server is starting.'),
      [{ text: 'data: I am well again.\n\n' }, { hang: true }],
    ],
  ],
  missing: [[response(404, 'application/json', '{"error":"There is no stream of this name."}')]],
  'web-page': [[response(200, 'text/html', '<!doctype html>\n<title>Please log in</title>')]],
  silence: [[[{ hang: true }]], { idleTimeout: 2_000 }],
};

export function startFailures(panel) {
  const status = new SourceStatus(panel);
  const list = field(panel, 'failures');
  let source;

  function open(script, options) {
    list.replaceChildren();
    source?.close();
    source = new EventSource(`/events/script?key=${randomClient()}`, {
      retry: RETRY,
      // The script goes into the body, because in the URL it would be all that the messages are about.
      method: 'POST',
      body: JSON.stringify(script),
      ...options,
    });
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
    panel.querySelector(`[data-action="${action}"]`).addEventListener('click', () => open(...answer));
  }
  offerStop(panel, status, () => source);
}

/** A whole response, as a script of the server has it. */
function response(status, type, text, headers = {}) {
  return { status, headers: { 'content-type': type, ...headers }, steps: [{ text }] };
}
