// The panel of request headers: one of the user's choosing, made anew for every attempt, and what the server saw.

import { EventSource } from '/dist/index.js';
import { element, field } from './dom.js';
import { failureCard } from './failure-card.js';
import { SourceStatus } from './source-status.js';
import { offerStop } from './toggle.js';
import { offerTrouble, randomClient } from './trouble.js';

export function startHeaders(panel) {
  const client = randomClient();
  const status = new SourceStatus(panel);
  const form = panel.querySelector('form');
  const seen = field(panel, 'seen');
  let source;

  function connect() {
    const { name, value, renew } = Object.fromEntries(new FormData(form));
    let attempts = 0;
    seen.replaceChildren();

    source?.close();
    source = new EventSource(`/events/echo?client=${client}`, {
      // Asynchronous, as it is where a token has to be fetched first.
      headers: async () => {
        attempts++;
        const sent = renew ? `${value}-${attempts}` : value;
        status.log(`asked for the headers of attempt ${attempts}`);
        return { [name]: sent };
      },
    });
    status.follow(source);

    source.onmessage = (event) => {
      status.received(event);
      const { headers } = JSON.parse(event.data);
      seen.replaceChildren(list(headers, name.toLowerCase()));
      status.log(`the server saw “${headers[name.toLowerCase()]}”`);
    };
    source.onerror = (event) => {
      // A header that can't be sent. Where the network fails, what the server saw stays there.
      if (event.cause === 'callback') seen.replaceChildren(failureCard(event));
    };
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    connect();
  });

  offerStop(panel, status, () => source);
  offerTrouble(panel, client, status);
}

/** The headers as the server tells them, that of the user on top. */
function list(headers, chosen) {
  const made = element('dl', '');
  const { [chosen]: first, ...others } = headers;
  for (const [name, value] of Object.entries({ [chosen]: first, ...others })) {
    const row = element('div', name === chosen ? 'chosen' : '');
    row.append(element('dt', '', name), element('dd', '', value));
    made.append(row);
  }
  return made;
}
