// SPDX-License-Identifier: MIT OR Apache-2.0
'use strict';
/*
 * Streams of entries, Node's and the Web's. Reading gives one Entry a chunk; writing makes each chunk
 * one entry. A written chunk is done when it is stored on this device.
 */
const { Readable, Writable } = require('node:stream');
const constants = require('./constants.cjs');

/** A Readable in object mode. It does not read ahead: what it holds would count as done with. */
function readable(client, options) {
  return Readable.from(client.entries(options), { objectMode: true, highWaterMark: 0 });
}

/** A Writable: chunks that wait are stored together, in one transaction. */
function writable(client, options) {
  return new Writable({
    decodeStrings: true,
    write(chunk, encoding, callback) {
      client.push(chunk, options).then(() => callback(), callback);
    },
    writev(chunks, callback) {
      storeAll(client, chunks.map(({ chunk }) => chunk), options).then(() => callback(), callback);
    },
  });
}

async function storeAll(client, chunks, options) {
  for (let i = 0; i < chunks.length; i += constants.ZKS_PUSH_COUNT_MAX) {
    await client.pushMany(chunks.slice(i, i + constants.ZKS_PUSH_COUNT_MAX), options);
  }
}

/** A ReadableStream of the Web. It reads when it is asked, so what it holds is not acknowledged. */
function readableStream(client, options) {
  const entries = client.entries(options);
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await entries.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await entries.return();
    },
  }, { highWaterMark: 0 });
}

function writableStream(client, options) {
  return new WritableStream({
    async write(chunk) {
      await client.push(chunk, options);
    },
  });
}

module.exports = { readable, writable, readableStream, writableStream };
