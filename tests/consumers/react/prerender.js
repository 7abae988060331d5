// Writes the page as the server renders it.

import { writeFileSync } from 'node:fs';
import { render } from './dist/server.js';

writeFileSync('dist/index.html', render('/events'));
