// SPDX-License-Identifier: MIT OR Apache-2.0
// Verbs of pairing, membership, events and reports.
import { camel, errorName, eventWords, until } from './devices.mjs';
import { zks } from './values.mjs';

/** A promise, or the end of the step's patience. */
function withSignal(promise, signal) {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

function figure(report, name) {
  const value = report[camel(name)];
  switch (name) {
    case 'rights':
      return value.join('+') || 'none';
    case 'device_name':
      return `"${value}"`;
    case 'active_relay':
      return value ? 'yes' : 'no';
    case 'relays':
      return String(value.length);
    default:
      return String(value);
  }
}

function deviceLine(names, device) {
  const rights = device.rights.join(' ') || 'no rights';
  const self = device.self ? ' self' : '';
  const inviter = device.inviter ? ` by ${names.name(device.inviter)}` : '';
  return ` ${names.name(device.id)} "${device.name}" ${rights}${self}${inviter}`;
}

export const members = {
  async pair(world, step) {
    const device = world.device(step);
    const { kind = 'code', rights, life_s: lifeS } = step.options;
    if (step.options.new) {
      const code = zks.newPairCode();
      device.pairing = device.client.pair({ rights, code });
      world.variables.known.set(step.argument(2), code);
      step.say(' has a code');
      return;
    }
    const pairing = device.client.pair({ kind, rights, lifeS });
    world.variables.known.set(step.argument(2), await withSignal(pairing.code, step.signal));
    device.pairing = pairing;
    step.say(` shows a ${kind}`);
  },

  async answer(world, step) {
    const device = world.device(step);
    const yes = step.argument(2);
    const { name } = await device.log.take('PAIR_ASK', step.signal);
    device.pairing.answer(yes);
    step.say(` ${yes ? 'yes' : 'no'} to "${name}"`);
  },

  async paired(world, step) {
    const { pairing } = world.device(step);
    step.say(` ${world.names.name(await withSignal(pairing.done, step.signal))}`);
  },

  async cancel_pair(world, step) {
    world.device(step).pairing.cancel();
    step.say();
  },

  async digits(world, step) {
    const { digits } = await world.device(step).log.take('PAIR_DIGITS', step.signal);
    const { known } = world.variables;
    const before = known.get(step.argument(2));
    if (before === undefined) known.set(step.argument(2), digits);
    step.say(before === undefined ? '' : before === digits ? ' are the same' : ' ! DIFFERENT');
  },

  async devices(world, step) {
    const client = world.client(step);
    let found = client.devices();
    try {
      await until(() => (found = client.devices()).length === step.argument(2), step.signal);
    } finally {
      for (const line of found.map((device) => deviceLine(world.names, device)).sort()) step.say(line);
    }
  },

  async revoke(world, step) {
    const { reason = 'unspecified', recovery } = step.options;
    const words = recovery === undefined ? null : world.variables.text(recovery);
    await world.client(step).revoke(world.names.device(step.argument(2)), { reason, recovery: words });
    step.say(` ${step.argument(2)}`);
  },

  async rotate(world, step) {
    await world.client(step).rotate();
    step.say();
  },

  async leave(world, step) {
    await world.client(step).leave();
    step.say();
  },

  async await(world, step) {
    const device = world.device(step);
    const [kind, x, y] = [step.argument(2), step.argument(3), step.argument(4)];
    const event = await device.log.take(kind, step.signal, (found) => {
      if (kind === 'STATE') {
        return found.state === x.toLowerCase() && (y === undefined || errorName(found.error) === y);
      }
      return !kind.startsWith('DEVICE') || x === undefined || world.names.name(found.device) === x;
    });
    step.say(` ${kind}${eventWords(event, { names: world.names, device, x, y })}`);
  },

  async count(world, step) {
    const kind = step.argument(2);
    await new Promise(setImmediate); // what was dispatched is in the log after that
    step.say(` ${kind} ${world.device(step).log.count(kind)}`);
  },

  async report(world, step) {
    let words = '';
    try {
      for (const wish of step.arguments.slice(1)) {
        const [name, value] = [wish].flat();
        let report;
        await until(() => {
          report = world.client(step).report();
          return value === undefined || report[camel(name)] === value;
        }, step.signal);
        words += ` ${name} ${figure(report, name)}`;
      }
    } catch (error) {
      step.say(words);
      throw error;
    }
    step.say(words);
  },
};
