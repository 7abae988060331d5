import { EventSource } from 'eventsource-wasm';
import { fromEvent, map, scan } from 'rxjs';

fromEvent(new EventSource('/events'), 'message')
  .pipe(
    map((event) => `${event.data}\n`),
    scan((text, line) => text + line, ''),
  )
  .subscribe((text) => {
    document.querySelector('#events').textContent = text;
  });
