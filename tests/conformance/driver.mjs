// SPDX-License-Identifier: MIT OR Apache-2.0
// The conformance driver for Node, Bun and Deno; README.md says what it must do.
// usage: driver.mjs --relay ADDRESS --dir TMP (--cases FILE [--case NAME] | --peer)
import { mkdirSync, readFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { Driver } from './node/steps.mjs';
import { Broken } from './node/values.mjs';

function print(text) {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length; ) done += writeSync(1, bytes, done);
}

function begin(relay, folder, name, suite) {
  const home = path.join(folder, `${name}-${suite}`);
  mkdirSync(home, { recursive: true });
  return new Driver(relay, home, suite);
}

async function runCase({ name, suites = ['default'], steps }, relay, folder) {
  for (const suite of suites) {
    print(`case ${name} ${suite}\n`);
    const driver = begin(relay, folder, name, suite);
    try {
      for (const step of steps) print(await driver.run(step));
    } finally {
      await driver.end();
    }
  }
}

async function runCases(file, only, relay, folder) {
  const cases = JSON.parse(readFileSync(file, 'utf8'));
  const chosen = cases.filter(({ name }) => only === undefined || only === name);
  if (!chosen.length) throw new Broken(`there is no case ${only}`);
  for (const one of chosen) await runCase(one, relay, folder);
}

async function runPeer(relay, folder) {
  let driver;
  for await (const line of createInterface({ input: process.stdin })) {
    const step = JSON.parse(line);
    if (step[0] === 'case') {
      await driver?.end();
      driver = begin(relay, folder, step[1], step[2]);
    } else {
      print(await driver.run(step));
    }
    print('.\n');
  }
  await driver?.end();
}

const text = { type: 'string' };
const { values: given } = parseArgs({
  options: { relay: text, dir: text, cases: text, case: text, peer: { type: 'boolean' } },
});
try {
  if (given.peer) await runPeer(given.relay, given.dir);
  else await runCases(given.cases, given.case, given.relay, given.dir);
} catch (error) {
  console.error(error instanceof Broken ? `driver: ${error.message}` : error);
  process.exitCode = 1;
}
