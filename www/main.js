// Brings the page to life: the three panels and the copy button.

import { announce } from './announce.js';
import { startNotifications } from './notifications.js';
import { startTokens } from './tokens.js';
import { startUsers } from './users.js';

startNotifications(document.querySelector('[data-panel="notifications"]'));
startUsers(document.querySelector('[data-panel="users"]'));
startTokens(document.querySelector('[data-panel="tokens"]'));

const example = document.querySelector('.example code');
const copy = document.querySelector('[data-action="copy"]');

copy.addEventListener('click', async () => {
  try {
    await navigator.clipboard.writeText(example.textContent);
    copy.textContent = 'Copied';
    announce('Code copied.');
  } catch {
    // No clipboard without HTTPS or permission: at least one key press is all that is left to do.
    getSelection().selectAllChildren(example);
    copy.textContent = 'Selected';
    announce('Code selected.');
  }
  setTimeout(() => {
    copy.textContent = 'Copy';
  }, 2_000);
});
