// Reads a stream that is transferred to it, and tells its chunks. A transform is given the bytes that came with it.

addEventListener('message', async ({ data: { readable, writable, bytes } }) => {
  const writer = writable?.getWriter();
  if (writer) writer.write(bytes).then(() => writer.close());
  const chunks = [];
  for (const reader = readable.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    if (value.type === 'last') reader.cancel();
  }
  postMessage(chunks);
});
