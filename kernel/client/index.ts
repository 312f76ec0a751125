/**
 * The VMkernel as any process sees it: control calls and the change feed over one connection (connection.ts),
 * datastore files (files.ts), statistics in shared memory, read-only (statistics.ts).
 *
 * Never writes shared memory, never polls: the feed tells.
 */
export * from './connection.js';
export * from './files.js';
export * from './statistics.js';
