// The panel of users: named events that keep a list up to date.

import { EventSource } from '/dist/index.js';
import { element, field, putAtEnd, showFigures } from './dom.js';
import { SourceStatus } from './source-status.js';
import { offerToggle } from './toggle.js';
import { offerTrouble, randomClient } from './trouble.js';

export function startUsers(panel) {
  const client = randomClient();
  const status = new SourceStatus(panel);
  const list = field(panel, 'users');
  /** The items of those who are here, by the ids of the users. */
  const here = new Map();
  let resets;
  let source;

  function open() {
    clear();
    resets = 0;

    source = new EventSource(`/events/users?client=${client}&interval=1500`);
    status.follow(source);
    show();

    source.addEventListener('add', (event) => {
      const { id, name } = JSON.parse(event.data);
      const item = user(id, name);
      here.get(id)?.remove();
      here.set(id, item);
      putAtEnd(list, item);
      status.received(event);
      show();
    });

    source.addEventListener('remove', (event) => {
      const { id } = JSON.parse(event.data);
      const item = here.get(id);
      here.delete(id);
      if (item) leave(item);
      status.received(event);
      show();
    });

    // Who came and went during the break is not replayed; the whole list comes again instead.
    source.addEventListener('reset', (event) => {
      clear();
      resets++;
      status.received(event);
      status.log('reset: the list comes anew');
      show();
    });
  }

  function clear() {
    here.clear();
    list.replaceChildren();
  }

  function show() {
    showFigures(panel, { here: here.size, resets });
  }

  offerToggle(panel, status, () => source, open);
  offerTrouble(panel, client, status);
  open();
}

function user(id, name) {
  const item = element('li', 'user');
  const avatar = element('span', 'avatar', name.slice(0, 1));
  avatar.ariaHidden = 'true';
  avatar.style.setProperty('--hue', id * 75);
  item.append(avatar, name);
  return item;
}

async function leave(item) {
  item.classList.add('leaving');
  // Animations stand still in the background; and whoever prefers no motion has none to wait for.
  if (!document.hidden) await Promise.allSettled(item.getAnimations().map(({ finished }) => finished));
  item.remove();
}
