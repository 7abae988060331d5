// The types of `eventsource-wasm`.

import type { EventSourceConstructor, EventSource as EventSourceInstance } from './EventSource.js';

export type {
  EventSourceConstructor,
  EventSourceErrorEvent,
  EventSourceEventMap,
  EventSourceInit,
} from './EventSource.js';

/** A drop-in for the browser's `EventSource`. Its engine is compiled at the first construction. */
export declare const EventSource: EventSourceConstructor;
export type EventSource<Events extends { [Type in keyof Events]: Event } = {}> = EventSourceInstance<Events>;

/**
 * Compiles the engine now instead of at the first construction. It never has to be called.
 *
 * Where WebAssembly is not allowed it does nothing: sources then use the browser's own `EventSource`.
 *
 * @returns a promise that is fulfilled when sources can start without any delay
 */
export declare function init(): Promise<void>;
