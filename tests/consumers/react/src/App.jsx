import { useEventSource } from './useEventSource.js';

export function App({ url }) {
  const messages = useEventSource(url);
  return <pre id="events">{messages.map((message) => `${message}\n`)}</pre>;
}
