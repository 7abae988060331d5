import { EventSource } from 'eventsource-wasm';

const source = new EventSource('/events');
source.onmessage = (event) => document.querySelector('#events').append(`${event.data}\n`);
