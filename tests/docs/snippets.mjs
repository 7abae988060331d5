// Runs the fenced blocks of a Markdown file, as a reader does who copies them: with the packed package, in
// Chromium or Node.js, against the test server. CONVENTIONS below is what the author of the file has to know.

import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { chromium } from 'playwright-core';
import { startServer } from '../../scripts/server.mjs';
import { ROOT } from '../../scripts/tools.mjs';
import { until } from '../browser/browsers.mjs';
import { buildModule, FOLDER, run } from '../consumers/support.mjs';

const CONVENTIONS = `
- js and ts are modules of a page, bundled by Vite, with what tests/consumers has installed; ts has no type errors.
- jsx exports a component, or a hook that takes the stream's URL; it is rendered, and shows what arrives.
- html is a page; jsDelivr and unpkg have our package, and without a script of its own it gets one.
- http is the Content-Security-Policy header of such a page.
- sh has commands that exist: "npm install eventsource-wasm" and the scripts of package.json.
- js below the line "<!-- run: node -->" is a program for Node.js, which logs something.
- rust stands in one of examples/, which the lints compile.
- text is not code.
Streams are those of the test server: /events is its clock, /events/users has "add" and "remove" … An address
of http://localhost:8000 or example.com is it, too, and those of SERVICES are its routes that behave like them.
Every console.log has to print and every source to receive something (in a loop or a batch, what is printed shows
that); nothing may be printed as an error or a warning, so what only happens in failure goes to console.error.
Pages have an element with the id "events", and no EventSource of the browser's.`;

/** Services of the world, and where the test server does as they do. */
const SERVICES = {
  'https://api.openai.com/': '/events/openai/',
  'https://api.anthropic.com/': '/events/anthropic/',
  'https://mcp.example.com/': '/events/',
  'https://hub.example.com/.well-known/': '/events/',
  'https://stream.wikimedia.org/': '/events/wikimedia/',
};

/** What a page does of which a block is only the frame. */
const SAMPLE = `import { EventSource } from 'eventsource-wasm';
new EventSource('/events').onmessage = ({ data }) => console.log(data);`;

/** What shows a block of React; a hook is called with the URL of a stream. */
const SHOW_REACT = `import { createElement, StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import * as exported from './snippet.jsx';
const [[name, value]] = Object.entries(exported);
const Hook = () => JSON.stringify(value('/events'));
const shown = createElement(name.startsWith('use') ? Hook : value);
createRoot(document.querySelector('#events')).render(createElement(StrictMode, null, shown));`;

/** Without the browser's own class no block passes by it; \`auto\` is there for just such places. */
const BEFORE_PAGES = `delete globalThis.EventSource;
globalThis.received = [];
const { dispatchEvent } = EventTarget.prototype;
EventTarget.prototype.dispatchEvent = function (event) {
  if (event instanceof MessageEvent && String(this) === '[object EventSource]') received.push(event.data);
  return dispatchEvent.call(this, event);
};`;

const STRICT_TYPES = [
  ...[
    '--ignoreConfig',
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    'false',
    '--types',
    '',
    '--lib',
    'esnext,dom,dom.iterable',
  ],
  ...['--target', 'esnext', '--module', 'esnext', '--moduleResolution', 'bundler'],
];

/**
 * @typedef {object} Snippet
 * @property {string} language
 * @property {string} code
 * @property {number} line where its code starts
 * @property {string} [where] what the comment above it says: `<!-- run: where -->`
 */

/** @returns {Snippet[]} the fenced blocks of a Markdown file but those of text */
export function readSnippets(markdown) {
  const snippets = [];
  const lines = markdown.split('\n');
  for (let i = 0; i < lines.length; i++) {
    const [, indent, fence, language] = /^( *)(`{3,}|~{3,})\s*(\S*)/.exec(lines[i]) ?? [];
    if (!fence) continue;
    const [, where] = /^ *<!-- run: (.+) -->$/.exec(lines[i - 1]?.trim() ? lines[i - 1] : (lines[i - 2] ?? '')) ?? [];
    const start = i + 1;
    do i++;
    while (i < lines.length && !lines[i].trim().startsWith(fence));
    const code = lines.slice(start, i).map((line) => line.replace(indent, ''));
    if (language !== 'text') snippets.push({ language, code: code.join('\n'), line: start + 1, where });
  }
  return snippets;
}

/** What blocks are run by. @returns {Promise<{ run: (snippet: Snippet) => Promise<void>, stop: () => Promise<void> }>} */
export async function startRunner() {
  const runner = {};
  const stop = async () => {
    await runner.browser?.close();
    await runner.server?.stop();
    if (runner.projects) await rm(runner.projects, { recursive: true });
  };
  try {
    runner.browser = await chromium.launch({
      executablePath: process.env.CHROMIUM,
      args: ['--disable-gpu', '--disable-quic', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
    });
    runner.server = await startServer();
    // Where a project would be that has the package installed.
    runner.projects = await mkdtemp(join(FOLDER, 'node_modules', 'snippets-'));
  } catch (error) {
    await stop();
    throw error;
  }
  return { run: (snippet) => runSnippet(snippet, runner), stop };
}

async function runSnippet(snippet, { server, browser, projects }) {
  const { language, where } = snippet;
  const execute = EXECUTE[where ? `${language} ${where}` : language];
  if (!execute) {
    const which = `${language || 'block without a language'}${where ? ` to run: ${where}` : ''}`;
    throw new Error(`Line ${snippet.line}: nobody knows how to run ${which}. What there is:${CONVENTIONS}`);
  }
  // Each names itself, so that none of them is missed.
  const logs = [];
  const labelled = snippet.code.replaceAll('console.log(', (call, offset) => {
    const line = snippet.line + snippet.code.slice(0, offset).split('\n').length - 1;
    return `${call}'${logs[logs.push(`console.log ${logs.length + 1} in line ${line}:`) - 1]}', `;
  });
  // The port is another one here; in a page it is another origin.
  const url = `http://localhost:${new URL(server.url).port}`;
  const ours = Object.entries(SERVICES).reduce((code, [from, to]) => code.replaceAll(from, url + to), labelled);
  const code = ours.replaceAll(/https?:\/\/(localhost:8000|([\w-]+\.)*example\.com)(?=[/'"`])/g, url);
  const project = join(projects, `line-${snippet.line}`);
  await mkdir(project);
  const opens = /\bnew [\w.]*EventSource\b/.test(code) && !/\bfor await\b|\bonBatch\b/.test(code);
  await execute({ code, logs, project, server, browser, opens });
}

/** How each kind of block is run. */
const EXECUTE = {
  async js(task) {
    await openModule(task, 'snippet.js', task.code);
  },
  async ts(task) {
    await writeFile(join(task.project, 'snippet.ts'), task.code);
    await run(relative(FOLDER, task.project), 'tsc', ...STRICT_TYPES, 'snippet.ts');
    await openModule(task, 'snippet.ts', task.code);
  },
  async jsx(task) {
    await writeFile(join(task.project, 'snippet.jsx'), task.code);
    await openModule({ ...task, shows: true }, 'main.js', SHOW_REACT);
  },
  async html(task) {
    if (task.code.includes('<script')) return openPage(task, { body: task.code });
    await openModule({ ...task, opens: true }, 'main.js', SAMPLE, { head: task.code });
  },
  async http(task) {
    const [, policy] = /^Content-Security-Policy: (.+)$/i.exec(task.code) ?? [];
    if (!policy) throw new Error(`Of http only a line with a Content-Security-Policy is known:\n${task.code}`);
    await openModule({ ...task, opens: true }, 'main.js', SAMPLE, { policy });
  },
  async sh({ code }) {
    const { name, scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
    const known = [
      `npm install ${name}`,
      'npm start',
      'npm test',
      ...Object.keys(scripts).map((key) => `npm run ${key}`),
    ];
    for (const command of code.split('\n')) assert.ok(known.includes(command), `There is no command "${command}".`);
  },
  async rust({ code }) {
    const folder = join(ROOT, 'examples');
    const examples = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')));
    assert.ok(
      examples.some((example) => example.includes(code)),
      'No file of examples/ has this code.',
    );
  },
  async 'js node'({ code, logs, project }) {
    assert.notEqual(logs.length, 0, 'A program for Node.js has to log what it receives.');
    // In its first line, so that the lines stay the same: it answers once it has done what it does at once.
    await writeFile(join(project, 'snippet.mjs'), `process.once('message', () => process.send('alive')); ${code}`);
    const program = fork('snippet.mjs', { cwd: project, silent: true });
    const closed = once(program, 'close');
    let printed = '';
    let problems = '';
    program.stdout.on('data', (text) => (printed += text));
    program.stderr.on('data', (text) => (problems += text));
    try {
      await until(
        'each console.log has printed',
        () => {
          assert.equal(problems, '');
          return logs.filter((log) => !printed.includes(log));
        },
        isEmpty,
      );
      // What it prints as an error may come after what it logs. One that has ended can't be asked.
      program.send('alive?', () => {});
      await Promise.race([once(program, 'message'), closed]);
    } finally {
      program.kill();
      await closed;
    }
    assert.equal(problems, '');
  },
};

/** Opens a page with a module that Vite has built. */
async function openModule(task, name, code, page = {}) {
  const entry = join(task.project, name);
  await writeFile(entry, code);
  const files = await buildModule(entry, '/snippet/');
  const main = [...files.keys()][0];
  const body = `${page.head ?? ''}<pre id="events"></pre><script type="module" src="/snippet/${main}"></script>`;
  await openPage(task, { ...page, body, files });
}

/** Opens a page and waits until it has shown that it works; throws when it prints an error or a warning. */
async function openPage({ browser, server, logs, opens, shows }, { body, policy, files = new Map() }) {
  // The page is Playwright's answer, so Chromium does not know that it comes from this machine, too.
  const context = await browser.newContext({ permissions: ['local-network-access'] });
  try {
    const page = await context.newPage();
    const problems = [];
    const printed = [];
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('console', (message) => {
      const isProblem = ['error', 'warning'].includes(message.type());
      if (isProblem) problems.push(`${message.text()} (${message.location().url})`);
      else printed.push(message.text());
    });
    const document = `${server.url}/snippet/`;
    const headers = policy ? { 'content-security-policy': policy } : {};
    await page.route(`${document}**`, (route) => {
      const path = route.request().url().slice(document.length);
      const contentType = path.endsWith('.wasm') ? 'application/wasm' : 'text/javascript';
      if (files.has(path)) return route.fulfill({ body: files.get(path), contentType });
      return route.fulfill({ body: `<!doctype html>\n${body}`, contentType: 'text/html; charset=utf-8', headers });
    });
    await page.route(/^https:\/\/(cdn\.jsdelivr\.net\/npm|unpkg\.com)\/eventsource-wasm\b/, answerAsCDN);
    await page.addInitScript(BEFORE_PAGES);
    await page.goto(document);
    const read = async () => {
      const received = await page.evaluate('received');
      const text = await page.evaluate('document.querySelector("#events")?.textContent');
      assert.deepEqual(problems, []);
      return [
        ...logs.filter((log) => !printed.some((line) => line.startsWith(log))),
        ...(opens && received.length === 0 ? ['an event'] : []),
        ...(shows && !received.some((data) => text.includes(data)) ? ['the event in the page'] : []),
      ];
    };
    await until('nothing is missing of what the block should do', read, isEmpty);
  } finally {
    await context.close();
  }
}

/** Gives a file of the package as the content delivery networks do: without a path, the one for them. */
async function answerAsCDN(route) {
  const [, network, path] = /^https:\/\/(?:cdn\.)?(jsdelivr|unpkg).*?\/eventsource-wasm[^/]*(.*)$/.exec(
    route.request().url(),
  );
  const installed = join(FOLDER, 'node_modules', 'eventsource-wasm');
  const file = join(installed, path || JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'))[network]);
  const headers = { 'access-control-allow-origin': '*' };
  await route.fulfill(existsSync(file) ? { path: file, headers } : { status: 404, headers });
}

const isEmpty = (list) => list.length === 0;
