// What the kernel knows of the browsers' processes (Linux): no debugger is needed for it, which would slow the page.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

/** The processes with pages, of Chromium and Firefox, that we or those whom we have started have started. */
export function pageProcesses() {
  const parents = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    // Its name, in parentheses, may hold anything.
    const [, parent] = /\) \S (\d+) [^)]*$/.exec(read(`/proc/${name}/stat`)) ?? [];
    if (parent) parents.set(Number(name), Number(parent));
  }
  const isOurs = (id) => id === process.pid || (parents.has(id) && isOurs(parents.get(id)));
  return [...parents.keys()].filter(
    (id) => /--type=renderer|[ \0]tab\0$/.test(read(`/proc/${id}/cmdline`)) && isOurs(id),
  );
}

/** The time (ns) that a process's main thread has had of a processor. */
export function mainThreadTime(id) {
  return Number(read(`/proc/${id}/task/${id}/schedstat`).split(' ')[0]);
}

/** The memory (bytes) of a process: now, and the most since `forgetPeak`. */
export function memoryOf(id) {
  const status = read(`/proc/${id}/status`);
  const bytes = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024;
  return { now: bytes('VmRSS'), peak: bytes('VmHWM') };
}

export function forgetPeak(id) {
  try {
    writeFileSync(`/proc/${id}/clear_refs`, '5');
  } catch {
    // It has ended.
  }
}

/** Empty where the process has ended. */
function read(path) {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
