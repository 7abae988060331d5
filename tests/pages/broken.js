// Replaces globals by ones that throw or make no sense, and notes what is not handled.

const originalFetch = globalThis.fetch;
globalThis.fetch = (url, init) => {
  if (url.includes('throws')) throw new Error('this fetch throws');
  if (url.includes('nothing')) return Promise.resolve(undefined);
  if (url.includes('odd-url')) {
    return originalFetch(url, init).then(({ status, headers, body }) => ({ status, headers, body, url: 'no URL' }));
  }
  if (url.includes('closing')) init.signal.addEventListener('abort', () => closing.close());
  return originalFetch(url, init);
};
globalThis.origin = { not: 'a string' };
globalThis.performance = {};

const unhandled = [];
for (const type of ['error', 'unhandledrejection']) {
  addEventListener(type, ({ message, reason }) => unhandled.push(String(message ?? reason)));
}

/** Opens all of these at once, and tells what the good ones among them received. */
function openAll(urls) {
  return Promise.all(
    urls.map(
      (url) =>
        new Promise((resolve) => {
          const source = new eventsourceWasm.EventSource(url);
          const end = (line) => {
            source.close();
            resolve(line);
          };
          source.onmessage = ({ data }) => end(data);
          source.onerror = () => end(`error ${source.readyState}`);
        }),
    ),
  );
}

/** A source whose own abort closes it once more. */
let closing;
function closeTwice(url) {
  return new Promise((resolve) => {
    closing = new eventsourceWasm.EventSource(url);
    closing.onmessage = () => {
      closing.close();
      resolve(closing.readyState);
    };
  });
}

document.addEventListener('run', async () => {
  const detail = JSON.parse(document.documentElement.dataset.run);
  const received = await openAll(detail.urls);
  const state = await closeTwice(detail.closing);
  document.documentElement.dataset.result = JSON.stringify({ received, state, unhandled });
});
