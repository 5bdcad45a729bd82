// SPDX-License-Identifier: MIT OR Apache-2.0
'use strict';
/*
 * Finds and loads the addon: a checkout's own build, or the platform package that npm chose. What
 * cannot be loaded is said in three lines: found, required, what to type.
 */
const fs = require('node:fs');
const path = require('node:path');

const NODE_API = 8;
const ROOT = path.join(__dirname, '..', '..', '..');
const BUILT = path.join(ROOT, 'build', 'npm', 'zks.node');

/** Of Linux: gnu or musl. */
function libc() {
  if (process.platform !== 'linux') return '';
  try {
    return fs.readdirSync('/lib').some((name) => name.startsWith('ld-musl-')) ? '-musl' : '-gnu';
  } catch {
    return '-gnu';
  }
}

const platform = `${process.platform}-${process.arch}${libc()}`;
const packageName = `@0k-sync/native-${platform}`;

function runtimeName() {
  const { bun, deno, node } = process.versions;
  if (bun) return `Bun ${bun}`;
  return deno ? `Deno ${deno}` : `Node ${node}`;
}

function packaged() {
  const { optionalDependencies = {} } = require('../../../package.json');
  return Object.keys(optionalDependencies).map((name) => name.replace('@0k-sync/native-', ''));
}

function cure(checkout, tried) {
  if (Number(process.versions.napi) < NODE_API) return 'update the runtime: Node >= 18.17, Bun or Deno';
  if (checkout) return `npm run build (in ${ROOT})`;
  if (!packaged().includes(platform)) {
    return 'npm install <folder of a checkout of the source>, which builds it for this machine';
  }
  const broken = tried.some(({ code }) => code === 'ERR_DLOPEN_FAILED');
  return broken
    ? 'nothing: the addon is there and does not load; the reason above says what the system lacks'
    : `npm install ${packageName} (it is optional: --omit=optional leaves it out)`;
}

function explain(tried) {
  const checkout = fs.existsSync(path.join(ROOT, 'CMakeLists.txt'));
  const reasons = tried.map(({ where, message }) => `  ${where}: ${message.split('\n')[0]}`);
  return [
    '@0k-sync/native: the addon cannot be loaded.',
    ...reasons,
    `found: ${platform}, ${runtimeName()}, Node-API ${process.versions.napi ?? 'unknown'}`,
    `required: ${packaged().join(' or ')} (glibc 2.34 or newer), Node-API ${NODE_API}`,
    `what to type: ${cure(checkout, tried)}`,
  ].join('\n');
}

function load() {
  const tried = [];
  for (const where of [process.env.ZKS_NODE_ADDON, BUILT, packageName]) {
    if (!where || (path.isAbsolute(where) && !fs.existsSync(where))) continue;
    try {
      return require(where);
    } catch (error) {
      tried.push({ where, message: error.message, code: error.code });
    }
  }
  const error = new Error(explain(tried));
  error.code = 'ZKS_ADDON_MISSING';
  throw error;
}

module.exports = load();
