import { EventSource } from 'eventsource-wasm';

addEventListener('message', (event) => {
  const page = event.source;
  const source = new EventSource('/events');
  source.onmessage = ({ data }) => page.postMessage(data);
});
