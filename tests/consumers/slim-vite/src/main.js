import wasm from 'eventsource-wasm/eventsource.wasm?url';
import { EventSource, init } from 'eventsource-wasm/slim';

init(wasm);
const source = new EventSource('/events');
source.onmessage = (event) => document.querySelector('#events').append(`${event.data}\n`);
