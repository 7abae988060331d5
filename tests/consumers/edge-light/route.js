import 'eventsource-wasm/auto';
import * as imported from 'eventsource-wasm';

export const runtime = 'edge';

/** Answers with the first event of the stream that the query names, received by the class that auto installs. */
export async function GET(request) {
  const { EventSource } = globalThis;
  if (EventSource !== imported.EventSource) throw new Error('auto has installed another class');
  const source = new EventSource(new URL(request.url).searchParams.get('stream'));
  const event = await new Promise((resolve, reject) => {
    source.onmessage = resolve;
    source.onerror = () => reject(new Error(`the source is in state ${source.readyState}`));
  });
  source.close();
  return new Response(event.data);
}
