// Notes the memory of the WebAssembly that is started after it, and receives one message of a URL.

const { instantiate } = WebAssembly;
let memory;
WebAssembly.instantiate = async (...args) => {
  const result = await instantiate(...args);
  memory = result.instance.exports.memory;
  return result;
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
