// Notes the memory of the WebAssembly that is started after it, and receives one message of a URL.

let memory;
WebAssembly.Instance = class extends WebAssembly.Instance {
  constructor(...args) {
    super(...args);
    memory = Object.values(this.exports).find((value) => value instanceof WebAssembly.Memory);
  }
};

globalThis.memorySize = () => memory.buffer.byteLength;

globalThis.receiveOne = (url) =>
  new Promise((resolve, reject) => {
    const source = new eventsourceWasm.EventSource(url);
    source.onmessage = () => {
      source.close();
      resolve();
    };
    source.onerror = reject;
  });
