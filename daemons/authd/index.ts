/**
 * authd: the service console's door on port 902. It knows who knocks, and opens to a VM by a ticket; it reaches no VM
 * itself, but vmkauthd, which does.
 *
 *   console-keeper   passwords, tickets, and the way on        hostd-ticket   a ticket as hostd gives it to a user
 *
 * - lib/authd has the protocol, the connections and their limits.
 * - root of the console may open every VM, whatever hostd says and whether it lives. Everybody else gets his ticket from
 *   hostd, under his own name: there is one place that knows permissions.
 * - A connection that was handed over is nobody's here any more: authd may die.
 */
export { ConsoleKeeper } from './console-keeper.js';
