// SPDX-License-Identifier: MIT OR Apache-2.0
'use strict';

/** Calls `abort(reason)` when `signal` is aborted, or was; returns what takes that back. */
function onAbort(signal, abort) {
  if (!signal) return () => {};
  const listener = () => abort(signal.reason);
  if (signal.aborted) listener();
  else signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}

/** What `promise` settles with, or the reason of `signal` where that is aborted before. */
function untilAborted(promise, signal) {
  if (!signal) return promise;
  let detach;
  const aborted = new Promise((_, reject) => {
    detach = onAbort(signal, reject);
  });
  return Promise.race([promise, aborted]).finally(detach);
}

module.exports = { onAbort, untilAborted };
