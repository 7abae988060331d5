import { EventSource } from 'eventsource-wasm';
import ReconnectingEventSource from 'reconnecting-eventsource';

const source = new ReconnectingEventSource('/events', { eventSourceClass: EventSource });
source.onmessage = (event) => document.querySelector('#events').append(`${event.data}\n`);
