import 'eventsource-wasm/auto';

const source = new EventSource(process.argv[2]);
source.onmessage = (event) => {
  console.log(event.data);
  if (event.data === 'last') source.close();
};
