// Where the pages ask for leave, and tell what they have measured.

import { once } from 'node:events';
import { createServer } from 'node:http';
import { SetupError } from '../scripts/tools.mjs';

/** One page at a time. */
export async function startCollector() {
  let waiting = {};
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    response.setHeader('Access-Control-Allow-Origin', '*');
    try {
      // Before the page goes on.
      waiting[request.url.slice(1)]?.(body && JSON.parse(body));
    } catch (error) {
      waiting.fail(error);
    }
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    /**
     * Calls a function as the page comes to a moment, and lets it go on afterwards; gives what the page tells as its
     * result, and what the function for that gives.
     */
    async listen(moments, patience) {
      let timer;
      try {
        return await new Promise((resolve, reject) => {
          timer = setTimeout(() => reject(new SetupError(`nothing came for ${patience} ms`)), patience);
          waiting = { ...moments, result: (told) => resolve([told, moments.result()]), fail: reject };
        });
      } finally {
        clearTimeout(timer);
        waiting = {};
      }
    },
    stop: () => server.close(),
  };
}
