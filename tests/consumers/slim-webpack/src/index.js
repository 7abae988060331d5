import { EventSource, init } from 'eventsource-wasm/slim';

init(new URL('eventsource-wasm/eventsource.wasm', import.meta.url));
const source = new EventSource('/events');
source.onmessage = (event) => document.querySelector('#events').append(`${event.data}\n`);
