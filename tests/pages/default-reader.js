// Takes away what older engines don't have.
delete globalThis.ReadableStreamBYOBReader;
