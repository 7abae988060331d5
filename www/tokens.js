// The panel of the token stream: a text that goes on in mid-sentence after a break.

import { EventSource } from '/dist/index.js';
import { changeAtEnd, element, field, showFigures } from './dom.js';
import { Sequence } from './sequence.js';
import { SourceStatus } from './source-status.js';
import { offerStop } from './toggle.js';
import { offerTrouble, randomClient } from './trouble.js';

export function startTokens(panel) {
  const client = randomClient();
  const status = new SourceStatus(panel);
  const form = panel.querySelector('form');
  const text = field(panel, 'text');
  let source;

  function write() {
    const sequence = new Sequence(0);
    let part;
    text.replaceChildren();

    const query = new URLSearchParams(new FormData(form));
    source?.close();
    source = new EventSource(`/events/tokens?client=${client}&${query}`);
    status.follow(source);
    showFigures(panel, { missed: 0, repeated: 0 });

    // Each connection writes a part of its own, so that the style can show the seams.
    source.onopen = () => {
      part = element('span', 'part');
      text.append(part);
    };

    source.onmessage = (event) => {
      sequence.add(Number(event.lastEventId));
      status.received(event);
      showFigures(panel, { missed: sequence.missed, repeated: sequence.repeated });
      if (event.data === '[DONE]') {
        // Otherwise the source would take the end of the response for a lost connection.
        source.close();
        status.closed('[DONE]: the text is complete, closed by the page');
      } else {
        const { choices } = JSON.parse(event.data);
        changeAtEnd(text, () => part.append(choices[0].delta.content));
      }
    };
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    write();
  });

  offerStop(panel, status, () => source);
  offerTrouble(panel, client, status);
}
