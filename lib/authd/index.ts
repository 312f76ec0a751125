/**
 * The line protocol of the ports 902 (authd) and 903 (vmkauthd).
 *
 *   lines     bytes to lines                          session   the server's state machine: bytes in, effects out
 *   door      the server around it: sockets, TLS, limits; what is behind the door is given to it
 *   client    the other end: from a ticket to a stream at the VM
 *
 * - Reply codes: 200 done, 220 greeting, 221 leaving, 230 logged in, 331 password wanted, 501 no such thing,
 *   530 not logged in; 550 (our own) the VM cannot be reached, with the reason.
 * - One line is answered after the other. After CONNECT nothing is read: a client that goes on is disconnected.
 */
export { AuthdClientError, type ConnectOptions, connectByTicket, connectThrough } from './client.js';
export { Door, type DoorOptions } from './door.js';
export { type DoorKeeper, DoorRefusal } from './door-keeper.js';
export { LineReader } from './lines.js';
export * from './session.js';
