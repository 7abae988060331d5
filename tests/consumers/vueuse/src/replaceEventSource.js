// Before all other modules, so that none of them meets the browser's own.
import { EventSource } from 'eventsource-wasm';

globalThis.EventSource = EventSource;
