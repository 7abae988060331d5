import { EventSource } from 'eventsource-wasm';

const source = new EventSource('/events');
source.onmessage = (event) => postMessage(event.data);
