// The button that closes a panel's source and opens it again.

import { EventSource } from '/dist/index.js';

/** `source()` gives the panel's current source, and `open()` makes it a new one. */
export function offerToggle(panel, status, source, open) {
  panel.querySelector('[data-action="toggle"]').addEventListener('click', () => {
    if (source().readyState === EventSource.CLOSED) {
      open();
    } else {
      source().close();
      status.closed('closed by the page');
    }
  });
}
