// A worker that constructs a source after it has closed itself.
import { EventSource } from '/dist/index.js';

close();
try {
  postMessage(`state ${new EventSource('/events/clock').readyState}`);
} catch (error) {
  postMessage(`threw ${error}`);
}
