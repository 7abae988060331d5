navigator.serviceWorker.onmessage = (message) => document.querySelector('#events').append(`${message.data}\n`);

await navigator.serviceWorker.register('service-worker.js');
const { active } = await navigator.serviceWorker.ready;
active.postMessage('listen');
