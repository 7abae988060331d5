// Runs right after the library's script: nothing is awaited.
const source = new eventsourceWasm.EventSource('/events/clock?interval=20');
globalThis.stateAfterConstruction = source.readyState;
source.onmessage = () => {
  source.close();
  document.title = 'received';
};
