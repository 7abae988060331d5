// Shows in an attribute what happens to a source over the life of its page.

const seen = [];
function see(line) {
  if (seen.at(-1) !== line) seen.push(line);
  document.documentElement.dataset.seen = seen.join(' ');
}

const source = new eventsourceWasm.EventSource(`/events/clock${location.search}`);
for (const type of ['open', 'message', 'error']) {
  source.addEventListener(type, () => see(type + source.readyState));
}
addEventListener('pagehide', () => see(`hide${source.readyState}`));
addEventListener('pageshow', ({ persisted }) => persisted && see(`back${source.readyState}`));
