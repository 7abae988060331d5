import { EventSource } from 'eventsource-wasm';

export default {
  /** Answers with the first event of the stream that the query names. */
  async fetch(request) {
    const source = new EventSource(new URL(request.url).searchParams.get('stream'));
    const event = await new Promise((resolve, reject) => {
      source.onmessage = resolve;
      source.onerror = () => reject(new Error(`the source is in state ${source.readyState}`));
    });
    source.close();
    return new Response(event.data);
  },
};
