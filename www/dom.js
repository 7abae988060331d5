// The few things that every panel does with the document.

/** Lists keep this many items, the newest ones, however long the page is open. */
const MAX_ITEMS = 50;

/** The element that shows a field of a panel. */
export function field(panel, name) {
  return panel.querySelector(`[data-field="${name}"]`);
}

/** Shows figures by the names of their fields. */
export function showFigures(panel, figures) {
  for (const [name, value] of Object.entries(figures)) field(panel, name).textContent = value;
}

/** Makes an element. Its text is set as text, never as HTML: it may come from the network. */
export function element(name, className, text = '') {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

/** Puts an item on top of a list. */
export function putOnTop(list, item) {
  list.prepend(item);
  if (list.childElementCount > MAX_ITEMS) list.lastElementChild.remove();
}

/** Puts an item at the end of a list. */
export function putAtEnd(list, item) {
  list.append(item);
  if (list.childElementCount > MAX_ITEMS) list.firstElementChild.remove();
}

/** The time of day, as 23:59:59. */
export function timeOfDay() {
  return new Date().toLocaleTimeString('en-GB');
}
