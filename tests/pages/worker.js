// A worker of any kind: opens the URL that it is sent and tells what it sees.
import { EventSource } from '/dist/index.js';

function open(url, tell) {
  const source = new EventSource(url);
  source.onmessage = (event) => {
    source.close();
    tell(`${source.url} ${event instanceof MessageEvent} ${event.data}`);
  };
  source.onerror = () => tell(`error ${source.readyState}`);
}

// A dedicated worker.
addEventListener('message', ({ data, source }) => open(data, (line) => (source ?? globalThis).postMessage(line)));

// A shared worker.
addEventListener('connect', ({ ports: [port] }) => {
  port.onmessage = ({ data }) => open(data, (line) => port.postMessage(line));
});
