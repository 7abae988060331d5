const show = (id) => (message) => document.getElementById(id).append(`${message.data}\n`);

const dedicated = new Worker(new URL('./dedicated.js', import.meta.url), { type: 'module' });
dedicated.onmessage = show('dedicated');

const shared = new SharedWorker(new URL('./shared.js', import.meta.url), { type: 'module' });
shared.port.onmessage = show('shared');
