// Shows how a panel's source is doing: its state, its figures, and a log of what happened to it.

import { announce } from './announce.js';
import { element, field, putAtEnd, putOnTop, showFigures, timeOfDay } from './dom.js';

/** The names of `readyState`. */
const STATES = ['connecting', 'open', 'closed'];

export class SourceStatus {
  /** How often the source was open so far. */
  connections = 0;
  /** When it was opened last. */
  openedAt = 0;

  #panel;
  #name;
  #source;
  #received = 0;
  #lastEventId = '';
  /** When the connection was lost; undefined unless the source waits for the next one. */
  #lostAt;
  #ticker;

  constructor(panel) {
    this.#panel = panel;
    this.#name = panel.querySelector('h3').textContent;
  }

  /** Follows a new source from its construction on. All figures start anew. */
  follow(source) {
    this.#source = source;
    this.connections = 0;
    this.#received = 0;
    this.#lastEventId = '';
    this.#lostAt = undefined;
    field(this.#panel, 'marks').replaceChildren();
    source.addEventListener('open', () => this.#opened());
    source.addEventListener('error', () => this.#failed());
    this.log('connecting');
    this.#show();
  }

  /** Counts an event. `kind` is the class of its mark on the line, if it has a special one. */
  received(event, kind = '') {
    this.#received++;
    this.#lastEventId = event.lastEventId;
    this.#mark(kind);
    this.#showFigures();
  }

  /** `close()` fires no event, so whoever calls it has to say so here. */
  closed(reason) {
    this.#lostAt = undefined;
    this.log(reason);
    announce(`${this.#name}: ${reason}.`);
    this.#show();
  }

  log(text) {
    const item = element('li', '');
    item.append(element('time', '', timeOfDay()), text);
    putOnTop(field(this.#panel, 'log'), item);
  }

  #opened() {
    this.connections++;
    this.openedAt = Date.now();
    if (this.#lostAt === undefined) {
      this.log('open');
    } else {
      const seconds = ((this.openedAt - this.#lostAt) / 1_000).toFixed(1);
      const id = this.#lastEventId && `, resumed with id ${this.#lastEventId}`;
      this.log(`open again after ${seconds} s${id}`);
      announce(`${this.#name}: open again.`);
      this.#lostAt = undefined;
    }
    this.#show();
  }

  #failed() {
    if (STATES[this.#source.readyState] === 'closed') {
      this.closed('error: closed for good, the console says why');
      return;
    }
    if (this.#lostAt !== undefined) {
      this.log('error: attempt failed, reconnecting…');
    } else {
      this.#lostAt = Date.now();
      this.#mark('lost');
      this.log(`error: ${this.connections > 0 ? 'dropped' : 'no connection'}, reconnecting…`);
      announce(`${this.#name}: connection lost, reconnecting.`);
    }
    this.#show();
  }

  #show() {
    const state = STATES[this.#source.readyState];
    this.#panel.dataset.state = state;
    field(this.#panel, 'state').textContent = state;
    const toggle = this.#panel.querySelector('[data-action="toggle"]');
    if (toggle) toggle.textContent = state === 'closed' ? 'Reopen' : 'Close';
    this.#showFigures();

    clearInterval(this.#ticker);
    this.#showWait();
    if (this.#lostAt !== undefined) this.#ticker = setInterval(() => this.#showWait(), 1_000);
  }

  /** The page cannot know how long the wait will be, only how long it has been. */
  #showWait() {
    const waiting = this.#lostAt !== undefined;
    const seconds = Math.round((Date.now() - this.#lostAt) / 1_000);
    field(this.#panel, 'note').textContent = waiting ? `reconnecting… ${seconds} s` : '';
  }

  #showFigures() {
    showFigures(this.#panel, {
      received: this.#received,
      connections: this.connections,
      'last-event-id': this.#lastEventId || '–',
    });
  }

  #mark(kind) {
    putAtEnd(field(this.#panel, 'marks'), element('li', `mark ${kind}`));
  }
}
