// SPDX-License-Identifier: MIT OR Apache-2.0
export * from './index.cjs';
