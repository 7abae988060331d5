// Tells users of screen readers what happened. Only turning points: events come far too often.

const announcer = document.querySelector('.announcer');

export function announce(text) {
  announcer.textContent = text;
}
