// SPDX-License-Identifier: MIT OR Apache-2.0
// Runs steps: background ones, deadlines, errors.
import { PATIENCE_MS } from './devices.mjs';
import { members } from './members.mjs';
import { opening } from './opening.mjs';
import { sending } from './sending.mjs';
import { Broken, Names, Variables, zks } from './values.mjs';

const LATE = Symbol('late');
const CANCELLED = Symbol('cancelled');
const isDevice = (name) => /^[A-Z]$/.test(name);

/** One step on its way: its arguments, what cancels it, and the lines that it says. */
class Step {
  #abort = new AbortController();
  text = '';

  constructor([verb, ...rest]) {
    this.verb = verb;
    this.arguments = rest;
    this.who = rest[0];
    const last = rest.at(-1);
    this.options = last !== null && typeof last === 'object' && !Array.isArray(last) ? last : {};
    this.signal = this.#abort.signal;
  }

  say(words = '') {
    const head = this.verb === 'derive' ? this.verb : `${this.who} ${this.verb}`;
    this.text += `  ${head}${words}\n`;
  }

  /** Argument i of the step, the verb being 0; undefined where it is missing or the options. */
  argument(i) {
    return this.arguments[i - 1] ?? undefined;
  }

  cancel(reason = CANCELLED) {
    this.#abort.abort(reason);
  }
}

/** What the errors of the transcript are called. */
function errorWords(error) {
  if (error === LATE) return ' ! LATE';
  if (error === CANCELLED || error?.name === 'AbortError') return ' ! CANCELLED';
  if (error instanceof zks.ZksError) {
    const kind = error.retryClass === 'none' ? '' : ` ${error.retryClass}`;
    return ` ! ${error.code.replace('ZKS_E_', '')}${kind}`;
  }
  console.error(error);
  return ' ! UNEXPECTED';
}

const background = {
  async start(world, step) {
    const inner = new Step(step.argument(2));
    world.background.set(step.who, [world.do(inner), inner]);
  },

  async cancel(world, step) {
    world.background.get(step.who)?.[1].cancel();
  },

  async finish(world, step) {
    const [done, inner] = world.background.get(step.who);
    world.background.delete(step.who);
    await done;
    step.text += inner.text;
  },

  async get(world, step) {
    const value = isDevice(step.who) ? world.names.known(step.who)
      : world.names.blobs.get(step.who) ?? world.variables.known.get(step.who);
    step.text += `= ${value ?? ''}\n`;
  },

  async set(world, step) {
    if (isDevice(step.who)) world.names.bind(step.argument(2), step.who);
    else if (step.who.includes('#')) world.names.blobs.set(step.who, step.argument(2));
    else world.variables.known.set(step.who, step.argument(2));
  },
};

const VERBS = { ...opening, ...sending, ...members, ...background };

/** The world of one case. */
export class Driver {
  devices = new Map();
  relays = new Map();
  background = new Map();
  names = new Names();
  variables = new Variables();

  constructor(relay, folder, suite) {
    this.fixture = relay;
    this.folder = folder;
    this.suite = suite;
  }

  /** Does a step; the lines that it says. */
  async run(words) {
    const step = new Step(words);
    await this.do(step);
    return step.text;
  }

  async do(step) {
    const verb = VERBS[step.verb];
    if (!verb) throw new Broken(`there is no verb ${step.verb}`);
    // What is finished has a deadline of its own.
    const timer = step.verb === 'finish' ? undefined : setTimeout(() => step.cancel(LATE), PATIENCE_MS);
    try {
      await verb(this, step);
    } catch (error) {
      if (error instanceof Broken) throw error;
      step.say(errorWords(error));
    } finally {
      clearTimeout(timer);
    }
  }

  device(step) {
    const found = this.devices.get(step.who);
    if (!found) throw new Broken(`${step.who} was never opened: ${step.verb}`);
    return found;
  }

  client(step) {
    return this.device(step).client;
  }

  async end() {
    for (const [, step] of this.background.values()) step.cancel();
    await Promise.all([...this.background.values()].map(([done]) => done));
    for (const device of this.devices.values()) await device.end();
    for (const relay of this.relays.values()) await relay.stop();
  }
}
