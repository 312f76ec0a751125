/**
 * A client of the VIM API for our own tools, on the codec of lib/vim. It knows SOAP over HTTPS, the session's
 * cookie, calls by name with typed arguments, property reads, and waiting for a task by its changes.
 *
 * Layers: transport.ts (one POST) < vim-client.ts (session and calls) < task-wait.ts
 *         < local-agent.ts, open-session.ts (the host agent of this service console, logged in to without a password)
 * Invariant: a fault of the server is a VimClientFault with the fault's type as its code; a server that cannot be
 * reached, or that answers no SOAP, is a VimClientError.
 */
export { VimClientError, VimClientFault } from './errors.js';
export { type ListeningAddress, localAddress } from './local-agent.js';
export { type LoginOptions, openSession } from './open-session.js';
export type { Endpoint } from './transport.js';
export { VimClient } from './vim-client.js';
