/**
 * A connection goes from one process to another, over a unix socket: authd to vmkauthd, vmkauthd to a VM's vmx.
 *
 *   offer     the giving end     taking   the taking end: a listening unix socket
 *   messages  one line of JSON each: the offer, `ready` or `refused`, `go`
 *
 * - The descriptor goes first (SCM_RIGHTS, with one byte), then the offer. The taker says `ready` or why not; only then
 *   does the giver answer its client, and says `go`. Until `go` the taker neither reads nor writes the connection; a
 *   giver that dies before `go` leaves a connection that everybody closes.
 * - After `go` the giver closes its copy without a word to the client.
 * - Waiting is bounded in time and number; what is malformed is refused and closed, its descriptors too.
 */
export { HandoverError } from './messages.js';
export { type Offer, offerConnection } from './offer.js';
export { HandoverTaker, type TakenConnection, type TakerOptions } from './taking.js';
