// The few things that every panel does with the document.

/** Lists keep this many items, the newest ones, however long the page is open. */
const MAX_ITEMS = 50;

/** The element that shows a field of a panel. */
export function field(panel, name) {
  return panel.querySelector(`[data-field="${name}"]`);
}

/** Shows figures by the names of their fields; those that the panel has none for are left out. */
export function showFigures(panel, figures) {
  for (const [name, value] of Object.entries(figures)) {
    const place = field(panel, name);
    if (place) place.textContent = value;
  }
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

/** Changes what is in a box and keeps its end in view, unless the reader has scrolled up. */
export function changeAtEnd(box, change) {
  const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
  change();
  if (atEnd) box.scrollTop = box.scrollHeight;
}

/** The time of day, as 23:59:59. */
export function timeOfDay() {
  return new Date().toLocaleTimeString('en-GB');
}
