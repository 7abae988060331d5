// The buttons that close a panel's source, and open it again.

import { EventSource } from '/dist/index.js';

/** One button for both. `source()` gives the panel's current source, and `open()` makes it a new one. */
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

/** A button that only closes. `source()` gives the panel's current source, if there is one. */
export function offerStop(panel, status, source) {
  panel.querySelector('[data-action="stop"]').addEventListener('click', () => {
    const current = source();
    if (!current || current.readyState === EventSource.CLOSED) return;
    current.close();
    status.closed('stopped, closed by the page');
  });
}
