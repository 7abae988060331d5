import { EventSource } from 'eventsource-wasm';

// One connection for all pages of the origin.
const source = new EventSource('/events');

addEventListener('connect', ({ ports: [port] }) => {
  source.addEventListener('message', (event) => port.postMessage(event.data));
});
