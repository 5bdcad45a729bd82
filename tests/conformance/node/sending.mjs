// SPDX-License-Identifier: MIT OR Apache-2.0
// Verbs that send and receive.
import { payload, shown } from './values.mjs';

function pushOptions(step) {
  const { acked, need_connection: needConnection } = step.options;
  return { ...(acked && { acked }), ...(needConnection && { needConnection }), signal: step.signal };
}

/** [sender, line] of an entry; moves the position. */
function seen(world, device, entry) {
  const sender = world.names.name(entry.sender);
  const marks = ['own', 'late', 'fork'].filter((mark) => entry[mark]).map((mark) => ` ${mark}`);
  const other = world.names.blob(sender, entry.number, entry.blobId);
  const back = entry.seq <= device.position ? ' (sequence went back)' : '';
  device.position = entry.seq;
  return [sender, ` ${sender}#${entry.number} ${shown(entry.data)}${marks.join('')}${other}${back}`];
}

/** Sender by sender, each sender's in the order of arrival. */
function sayEntries(step, found) {
  found.sort(([a], [b]) => (a < b ? -1 : Number(a > b)));
  for (const [, line] of found) step.say(line);
}

export const sending = {
  async push(world, step) {
    const { number, blobIds } = await world.client(step).push(payload(step.argument(2)), pushOptions(step));
    step.say(` ${step.who}#${number}${world.names.blob(step.who, number, blobIds[0])}`);
  },

  async push_many(world, step) {
    const list = step.argument(2).map(payload);
    const { number, blobIds } = await world.client(step).pushMany(list, pushOptions(step));
    const others = blobIds.filter((id, i) => world.names.blob(step.who, number + i, id));
    const last = number + blobIds.length - 1;
    const ids = others.length ? 0 : blobIds.length;
    step.say(` ${step.who}#${number}..${step.who}#${last}, ${ids} ids`);
  },

  async push_series(world, step) {
    const [count, size] = [step.argument(2), step.argument(3)];
    for (let first = 1; first <= count; first += size) {
      const length = Math.min(size, count - first + 1);
      const list = Array.from({ length }, (_, i) => String(first + i));
      await world.client(step).pushMany(list, pushOptions(step));
    }
    step.say(` ${count}`);
  },

  async read(world, step) {
    const device = world.device(step);
    const count = step.argument(2);
    const found = [];
    try {
      do {
        const entries = await device.client.read({
          after: device.position, maxCount: Math.max(0, count - found.length), wait: count > 0,
          own: step.options.own, signal: step.signal,
        });
        found.push(...entries.map((entry) => seen(world, device, entry)));
      } while (found.length < count);
      if (!found.length) step.say(' nothing');
    } finally {
      sayEntries(step, found);
    }
  },

  async iterate(world, step) {
    const device = world.device(step);
    const found = [];
    try {
      for await (const entry of device.client.entries({ after: device.position, signal: step.signal })) {
        if (found.push(seen(world, device, entry)) === step.argument(2)) break;
      }
    } finally {
      sayEntries(step, found);
    }
  },

  async read_series(world, step) {
    const device = world.device(step);
    const count = step.argument(2);
    let got = 0;
    let sender;
    while (got < count) {
      const entries = await device.client.read({
        after: device.position, maxCount: count - got, wait: true, signal: step.signal,
      });
      for (const entry of entries) {
        sender ??= entry.sender;
        device.position = entry.seq;
        if (entry.data.toString() !== String(got + 1) || entry.sender !== sender) {
          step.say(` ! ORDER after ${got}`);
          return;
        }
        got++;
      }
    }
    step.say(` ${got} of ${world.names.name(sender)}`);
  },

  async ack(world, step) {
    const device = world.device(step);
    const acked = await device.client.ack(device.position);
    step.say(acked === device.position && acked === device.client.acked ? '' : ' ! ORDER');
  },

  async flush(world, step) {
    await world.client(step).flush(step.argument(2) ?? 30_000, { signal: step.signal });
    step.say();
  },

  async sync(world, step) {
    await world.client(step).waitSynced({ signal: step.signal });
    step.say();
  },
};
