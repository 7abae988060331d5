import { EventSource } from 'eventsource-wasm';
import { useEffect, useState } from 'react';

/** The data of all messages of a stream so far. */
export function useEventSource(url) {
  const [messages, setMessages] = useState([]);
  useEffect(() => {
    const source = new EventSource(url);
    source.onmessage = (event) => setMessages((messages) => [...messages, event.data]);
    return () => source.close();
  }, [url]);
  return messages;
}
