// Shows how a panel is doing: its state, the marks on its line, and a log of what happened.

import { announce } from './announce.js';
import { element, field, putAtEnd, putOnTop, timeOfDay } from './dom.js';

export class PanelStatus {
  panel;
  #name;

  constructor(panel) {
    this.panel = panel;
    this.#name = panel.querySelector('h3').textContent;
  }

  /** Shows a state, which is `connecting`, `open` or `closed`; `label` is another word for it. */
  showState(state, label = state) {
    this.panel.dataset.state = state;
    field(this.panel, 'state').textContent = label;
  }

  /** Puts a mark on the line. `kind` is its class, if it is a special one. */
  mark(kind = '') {
    putAtEnd(field(this.panel, 'marks'), element('li', `mark ${kind}`));
  }

  clearMarks() {
    field(this.panel, 'marks').replaceChildren();
  }

  log(text) {
    const item = element('li', '');
    item.append(element('time', '', timeOfDay()), text);
    putOnTop(field(this.panel, 'log'), item);
  }

  /** Tells users of screen readers about a turning point. */
  announce(text) {
    announce(`${this.#name}: ${text}.`);
  }
}
