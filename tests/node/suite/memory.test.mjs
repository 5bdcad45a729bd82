// SPDX-License-Identifier: MIT OR Apache-2.0
// Memory stays flat over many operations: 20,000 here, ZKS_NODE_OPERATIONS=100000 for the whole.
import assert from 'node:assert/strict';
import path from 'node:path';
import { PATIENCE_MS, SOURCE, run, scenario } from './support.mjs';

const OPERATIONS = Number(process.env.ZKS_NODE_OPERATIONS || 20_000);
/* JavaScript's heap and the Buffers must be as they were. The process may grow until its allocators
 * have what they need, some 60 MB with V8; after the long warm-up of the whole it has. */
const HEAP_BYTES = 2_000_000;
const PROCESS_BYTES = OPERATIONS < 100_000 ? 100_000_000 : 20_000_000;
/* Lists of devices and reports, three of each for every operation: 48 bytes that stay of each, which
 * is what an external value costs in Deno, would be 29 MB in the whole. */
const LOOKS_BYTES = OPERATIONS < 100_000 ? 20_000_000 : 10_000_000;
/* V8 lets its young generation grow as the work of the moment asks, and keeps it: in Deno to 96 MB,
 * more than any leak that is to be found here. It is held to 3 MB. */
const DENO_V8_FLAGS = '--expose-gc,--max-semi-space-size=1';

const small = ({ heap, process }, bytes) => heap < HEAP_BYTES && process < bytes;

scenario(`${OPERATIONS} operations leave the memory as it was`, async () => {
  const program = path.join(SOURCE, 'tests/node/suite/memory.mjs');
  const found = await run(program, [String(OPERATIONS)],
    { patience: 8 * PATIENCE_MS, env: { DENO_V8_FLAGS } });
  assert.equal(found.code, 0, JSON.stringify(found));
  console.log(found.out.trim());
  const { operations, looks } = JSON.parse(found.out.trim().split('\n').at(-1));
  assert.ok(small(operations, PROCESS_BYTES) && small(looks, LOOKS_BYTES), found.out);
}, { timeout: 9 * PATIENCE_MS });
