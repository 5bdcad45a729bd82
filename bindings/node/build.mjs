// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Builds the addon of a checkout: build/npm/zks.node. npm runs this as "prepare": for `npm install
 * PATH` and in the checkout itself, never for what comes from a registry. An incremental run takes
 * a second. ZKS_SKIP_BUILD=1: does nothing.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The folder of Node-API's headers that came with this Node, if any; CMake looks elsewhere itself. */
function headers() {
  const prefix = path.dirname(path.dirname(process.execPath));
  const found = path.join(prefix, 'include', 'node');
  return existsSync(path.join(found, 'node_api.h')) ? found : undefined;
}

function run(...args) {
  const [script, ...rest] = args;
  const env = { ...process.env };
  const found = headers();
  if (found) env.ZKS_NODE_API ??= found;
  const done = spawnSync(path.join(ROOT, 'scripts', script), rest, { cwd: ROOT, env, stdio: 'inherit' });
  if (done.status === 0) return;
  console.error(`@0k-sync/native: scripts/${args.join(' ')} failed. It builds the addon from source; ` +
    'docs/DEPENDENCIES.md lists what that needs.');
  process.exit(1);
}

if (!process.env.ZKS_SKIP_BUILD) {
  if (process.platform !== 'linux') {
    console.error(`@0k-sync/native: ${process.platform} is not supported yet: Linux is.`);
    process.exit(1);
  }
  run('bootstrap', '--package');
  run('package', 'addon', path.join(ROOT, 'build', 'npm'));
}
