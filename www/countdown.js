// The seconds until the next attempt, and the button that does not wait for it.

import { field } from './dom.js';

export class Countdown {
  #note;
  #button;
  #log;
  #ticker;

  /** `reconnect()` is called when the user does not want to wait. */
  constructor(panel, reconnect) {
    this.#note = field(panel, 'note');
    this.#button = panel.querySelector('[data-action="now"]');
    this.#log = field(panel, 'log');
    this.#button.addEventListener('click', reconnect);
  }

  /** Counts down to the next attempt, from `delay` (ms). */
  start(delay, attempt) {
    const due = Date.now() + delay;
    const show = () => {
      const seconds = Math.ceil((due - Date.now()) / 1_000);
      if (seconds > 0) this.#note.textContent = `attempt ${attempt} in ${seconds} s`;
      else this.end();
    };
    clearInterval(this.#ticker);
    this.#ticker = setInterval(show, 200);
    this.#button.hidden = false;
    show();
  }

  /** The wait is over, and the attempt is being made. */
  end() {
    clearInterval(this.#ticker);
    this.#note.textContent = 'trying now…';
  }

  /** There is nothing to wait for any more. */
  stop() {
    clearInterval(this.#ticker);
    this.#note.textContent = '';
    // The focus would be lost with the button; the log tells what came of it.
    if (document.activeElement === this.#button) this.#log.focus();
    this.#button.hidden = true;
  }
}
