// The types of `eventsource-wasm/auto`, which is imported for its effect alone.
export {};
