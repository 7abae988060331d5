// Shows how a panel's source is doing: its state, its figures, and what the package tells of its failures.

import { Countdown } from './countdown.js';
import { showFigures } from './dom.js';
import { PanelStatus } from './panel-status.js';

/** The names of `readyState`. */
const STATES = ['connecting', 'open', 'closed'];

export class SourceStatus extends PanelStatus {
  /** How often the source was open so far. */
  connections = 0;
  /** When it was opened last. */
  openedAt = 0;

  #source;
  #received = 0;
  #lastEventId = '';
  /** When the connection was lost; undefined unless the source waits for the next one. */
  #lostAt;
  /** The user waits for what the next attempt brings; further ones in a row are not announced. */
  #isAwaited = true;
  #countdown;

  constructor(panel) {
    super(panel);
    this.#countdown = new Countdown(panel, () => this.#reconnect());
  }

  /** Follows a new source from its construction on. All figures start anew. */
  follow(source) {
    this.#source = source;
    this.connections = 0;
    this.#received = 0;
    this.#lastEventId = '';
    this.#lostAt = undefined;
    this.#isAwaited = true;
    this.#countdown.stop();
    this.clearMarks();
    source.addEventListener('open', () => this.#opened());
    source.addEventListener('error', (event) => this.#failed(event));
    this.log('connecting');
    this.#show();
  }

  /** Counts an event. `kind` is the class of its mark on the line, if it has a special one. */
  received(event, kind) {
    this.#received++;
    this.#lastEventId = event.lastEventId;
    this.mark(kind);
    this.#showFigures();
  }

  /** `close()` fires no event, so whoever calls it has to say so here. */
  closed(reason) {
    this.#lostAt = undefined;
    this.#countdown.stop();
    this.log(reason);
    this.announce(reason);
    this.#show();
  }

  #opened() {
    this.connections++;
    this.openedAt = Date.now();
    this.#isAwaited = true;
    this.#countdown.stop();
    if (this.#lostAt === undefined) {
      this.log('open');
    } else {
      const seconds = ((this.openedAt - this.#lostAt) / 1_000).toFixed(1);
      const id = this.#lastEventId && `, resumed with id ${this.#lastEventId}`;
      this.log(`open again after ${seconds} s${id}`);
      this.announce('open again');
      this.#lostAt = undefined;
    }
    this.#show();
  }

  #failed({ cause, status, willRetry, delay, attempt }) {
    const why = cause === 'status' ? `status ${status}` : cause;
    if (this.#lostAt === undefined) this.mark('lost');
    if (!willRetry) {
      this.closed(`error: ${why}, closed for good`);
      return;
    }
    const next = `attempt ${attempt} in ${(delay / 1_000).toFixed(1)} s`;
    this.log(`error: ${why}, ${next}`);
    if (this.#isAwaited) this.announce(`connection failed (${why}), ${next}`);
    this.#isAwaited = false;
    this.#lostAt ??= Date.now();
    this.#countdown.start(delay, attempt);
    this.#show();
  }

  #reconnect() {
    this.log('reconnect(): no more waiting');
    this.#isAwaited = true;
    this.#countdown.end();
    this.#source.reconnect();
  }

  #show() {
    const state = STATES[this.#source.readyState];
    this.showState(state);
    const toggle = this.panel.querySelector('[data-action="toggle"]');
    if (toggle) toggle.textContent = state === 'closed' ? 'Reopen' : 'Close';
    this.#showFigures();
  }

  #showFigures() {
    showFigures(this.panel, {
      received: this.#received,
      connections: this.connections,
      'last-event-id': this.#lastEventId || '–',
    });
  }
}
