// The panel of notifications: plain messages, of which none is lost when the connection is.

import { EventSource } from '/dist/index.js';
import { element, field, putOnTop, showFigures, timeOfDay } from './dom.js';
import { Sequence } from './sequence.js';
import { SourceStatus } from './source-status.js';
import { offerToggle } from './toggle.js';
import { offerTrouble, randomClient } from './trouble.js';

/** Milliseconds from one notification to the next. */
const INTERVAL = 1_500;

export function startNotifications(panel) {
  const client = randomClient();
  const status = new SourceStatus(panel);
  const list = field(panel, 'messages');
  let source;

  function open() {
    const sequence = new Sequence();
    let replayedSoFar = 0;
    let clocksDiffer = Infinity;
    list.replaceChildren();

    source = new EventSource(`/events/notifications?client=${client}&interval=${INTERVAL}`);
    status.follow(source);

    source.onmessage = (event) => {
      const { number, text } = JSON.parse(event.data);

      // Notification n is due n intervals after 1970 by the server's clock. The promptest one tells
      // how far that clock is from ours, and so which ones were due before we were connected again.
      const due = number * INTERVAL;
      clocksDiffer = Math.min(clocksDiffer, Date.now() - due);
      const replayed = status.connections > 1 && due + clocksDiffer < status.openedAt;
      if (replayed) replayedSoFar++;

      sequence.add(number);
      status.received(event, replayed ? 'replayed' : '');
      showFigures(panel, { replayed: replayedSoFar, missed: sequence.missed, repeated: sequence.repeated });
      putOnTop(list, message(number, text, replayed));
    };
    showFigures(panel, { replayed: 0, missed: 0, repeated: 0 });
  }

  offerToggle(panel, status, () => source, open);
  offerTrouble(panel, client, status);
  open();
}

function message(number, text, replayed) {
  const item = element('li', replayed ? 'replayed' : '');
  item.append(element('p', '', text), element('span', 'number', `#${number}`), element('time', '', timeOfDay()));
  if (replayed) item.append(element('span', 'badge', 'replayed'));
  return item;
}
