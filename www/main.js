// Brings the page to life: the panels and the copy button.

import { announce } from './announce.js';
import { startChat } from './chat.js';
import { startFailures } from './failures.js';
import { startHeaders } from './headers.js';
import { startNotifications } from './notifications.js';
import { startTokens } from './tokens.js';
import { startUsers } from './users.js';

startNotifications(document.querySelector('[data-panel="notifications"]'));
startUsers(document.querySelector('[data-panel="users"]'));
startTokens(document.querySelector('[data-panel="tokens"]'));
startHeaders(document.querySelector('[data-panel="headers"]'));
startChat(document.querySelector('[data-panel="chat"]'));
startFailures(document.querySelector('[data-panel="failures"]'));

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
