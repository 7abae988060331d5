import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { EventSource, init } from 'eventsource-wasm/slim';

await init(await readFile(fileURLToPath(import.meta.resolve('eventsource-wasm/eventsource.wasm'))));
const source = new EventSource(process.argv[2]);
source.onmessage = (event) => {
  console.log(event.data);
  if (event.data === 'last') source.close();
};
