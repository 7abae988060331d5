// `npm start`: sets up what is needed, builds, and serves the demo page.
//
// The port is 8000, or the number in the variable PORT.

import { build } from './build.mjs';
import { buildServer, freePort, startServer } from './server.mjs';
import { main } from './tools.mjs';

await main(async () => {
  await build();
  buildServer();
  const port = process.env.PORT ? Number(process.env.PORT) : await freePort(8000);
  const server = await startServer({ port });
  console.log(`\nThe demo page is at ${server.url}/ (stop it with Ctrl+C)`);
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => server.stop());
  await server.ended;
});
