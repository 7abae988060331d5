import { renderToString } from 'react-dom/server';
import { App } from './App.jsx';

/** The page, with the app rendered in it. */
export function render(url) {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="UTF-8">
    <title>eventsource-wasm in a React hook</title>
  </head>
  <body>
    <div id="root">${renderToString(<App url={url} />)}</div>
    <script type="module" src="client.js"></script>
  </body>
</html>
`;
}
