// SPDX-License-Identifier: MIT OR Apache-2.0
'use strict';
/*
 * The way between the engine and promises. The engine is started at first use, one queue for each
 * environment; it knows operations and clients by tokens, numbers that are given out here.
 *
 * The process is held alive while something is pending and no longer; a client that was unref()ed
 * does not count.
 */
const native = require('./native.cjs');
const constants = require('./constants.cjs');
const { onAbort } = require('./abort.cjs');
const { ZksError } = require('./error.cjs');

const TOKENS = 1024;
const tokens = new Float64Array(TOKENS);
const pending = new Map(); // token -> Operation
const listeners = new Map(); // token -> WeakRef of who gets a client's events
const keyFunctions = new Map(); // token -> what to ask for the key of a store
let nextToken = 1;
let holding = 0; // Holders that do
let handles; // [runtime, queue]
let onLog;

const newToken = () => nextToken++;

/** Keeps the process alive while something of its owner is pending, unless that is unref()ed. */
class Holder {
  #pending = 0;
  #ref = true;

  get hasRef() {
    return this.#ref;
  }

  /** Also what is pending already counts from now on, or does not. */
  setRef(ref) {
    if (ref !== this.#ref && this.#pending) (ref ? hold : release)();
    this.#ref = ref;
  }

  begin() {
    if (this.#pending++ === 0 && this.#ref) hold();
  }

  end() {
    if (--this.#pending === 0 && this.#ref) release();
  }
}

function hold() {
  if (holding++ === 0) native.hold(1);
}

function release() {
  if (--holding === 0) native.hold(0);
}

/** Of what no client can unref(). */
const always = new Holder();
/** Of what never keeps the process alive, since nobody waits for it. */
const never = new Holder();
never.setRef(false);

/* --- callbacks of the addon: they must not throw, what they call runs later or is caught --- */

function done(count) {
  for (let i = 0; i < count; i++) {
    const operation = pending.get(tokens[i]);
    pending.delete(tokens[i]);
    operation?.finish();
  }
}

/** An exception of a listener becomes an uncaught one, as in any EventEmitter that nobody awaits. */
function guarded(call) {
  try {
    call();
  } catch (error) {
    setImmediate(() => {
      throw error;
    });
  }
}

function event(token, handle) {
  const listener = listeners.get(token)?.deref();
  if (listener) guarded(() => listener.raise(handle));
}

async function storeKey(token, request) {
  const source = keyFunctions.get(token) ?? {}; // nothing to ask: the opening was cancelled
  try {
    const key = await source.ask();
    native.storeKeyAnswer(request, 0, key);
  } catch (error) {
    source.error = error;
    native.storeKeyAnswer(request, constants.ZKS_E_STORE_KEY, null);
  }
}

const callbacks = {
  tokens,
  done,
  event,
  storeKey,
  log: (level, line) => guarded(() => onLog?.(level, line)),
  error: (status, text) => new ZksError(status, text),
};

/** [runtime, queue] of this environment. */
function start() {
  handles ??= native.start(callbacks);
  return handles;
}

/* --- operations --- */

class Operation {
  constructor(owner, read, signal, holder, resolve, reject) {
    this.owner = owner; // keeps it from being collected
    this.read = read;
    this.signal = signal;
    this.resolve = resolve;
    this.reject = reject;
    this.holder = holder ?? owner?.holder ?? always;
  }

  begin(token, handle) {
    this.handle = handle;
    pending.set(token, this);
    this.holder.begin();
    if (this.signal) this.detach = onAbort(this.signal, () => native.opCancel(handle));
  }

  finish() {
    const { handle, signal } = this;
    this.holder.end();
    this.detach?.();
    try {
      const status = native.opStatus(handle);
      if (status === 0) this.resolve(this.read ? this.read(handle) : undefined);
      else if (status === constants.ZKS_E_CANCELLED && signal?.aborted) this.reject(signal.reason);
      else this.reject(failure(status, handle));
    } catch (error) {
      this.reject(error);
    } finally {
      native.opFree(handle);
    }
  }
}

function failure(status, handle) {
  const error = new ZksError(status, native.opText(handle));
  const retryAfter = native.opNumber(handle, constants.ZKS_OP_RETRY_AFTER_MS);
  if (retryAfter) error.retryAfterMs = retryAfter;
  const left = native.opNumber(handle, constants.ZKS_OP_PENDING);
  if (left) error.pending = left;
  return error;
}

/**
 * Starts an operation: a promise of what `read` makes of it.
 * @param {{holder?: Holder} | null} owner  kept from being collected meanwhile
 * @param {(token: number) => object} begin  starts it; returns the operation
 * @param {((op: object) => any) | null} read  its result
 * @param {AbortSignal} [signal]  cancels it
 * @param {Holder} [holder]  instead of the owner's
 */
function run(owner, begin, read, signal, holder) {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const operation = new Operation(owner, read, signal, holder, resolve, reject);
    const token = newToken();
    operation.begin(token, begin(token));
  });
}

/** Lines of the engine's log go to `fn(level, line)`; null: nowhere. */
function setLog(level, fn) {
  start();
  onLog = fn;
  native.setLog(fn ? level : constants.ZKS_LOG_OFF);
}

module.exports = { start, run, newToken, listeners, keyFunctions, guarded, Holder, never, setLog };
