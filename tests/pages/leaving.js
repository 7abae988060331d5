// Notes what happens to a source over the life of its page, and over the loads of the page.
//
// `?url=` is the stream; with `&busy=` each message keeps the thread for that long (ms).

const parameters = new URLSearchParams(location.search);
const seen = [];

function see(line) {
  if (seen.at(-1) !== line) seen.push(line);
  sessionStorage.seen = [...(sessionStorage.before ?? '').split(' ').filter(Boolean), ...seen].join(' ');
}

// What an earlier load of this page has noted stays.
sessionStorage.before = sessionStorage.seen ?? '';

const source = new eventsourceWasm.EventSource(parameters.get('url'));
for (const type of ['open', 'message', 'error']) {
  source.addEventListener(type, ({ lastEventId }) => {
    see(type + source.readyState);
    if (type === 'message') sessionStorage.lastEventId = lastEventId;
    const end = Date.now() + Number(parameters.get('busy') ?? 0);
    while (type === 'message' && Date.now() < end);
  });
}
addEventListener('pagehide', () => {
  see(`hide${source.readyState}`);
  sessionStorage.lastEventIdAtHide = sessionStorage.lastEventId;
});
addEventListener('pageshow', ({ persisted }) => persisted && see(`back${source.readyState}`));
