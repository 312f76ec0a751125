/**
 * Load on servers of the VIM API, the same code for each: messages are text made before the clock starts, replies are
 * framed and not parsed, so that the server is what is measured.
 *
 * Layers: http-connection (one TLS connection, requests in turn), messages < soap-server (what is loaded) < client
 *         (login, cookie) < load (many clients for a while) < lines (what is measured), open-sessions, durable-replace (the disk's part of a reconfiguration) < our-host,
 *         simulator (the two servers).
 *
 * Invariants: a reply that is not 200, or a task that failed, counts as an error; no client waits on a timer.
 */
export * from './client.js';
export * from './durable-replace.js';
export * from './lines.js';
export * from './load.js';
export { message } from './messages.js';
export * from './open-sessions.js';
export * from './our-host.js';
export * from './simulator.js';
export * from './soap-server.js';
