/**
 * sshd: the way into the service console. It runs inside the console, accepts on the socket that init passed to it,
 * checks passwords against the console's /etc/shadow, and runs sessions as the console's users.
 *
 *   ssh-server       connections in, bounded            client-connection   a client's login and sessions
 *   session          one channel and its program        pty-program, piped-program   the two ways to run one
 *   pumps            bytes between program and channel  session-processes   what ends with a session
 *
 * - Output is held back by the client's reading, input by the program's: nothing is queued without bound.
 * - A program's session (setsid) ends when its connection does: SIGHUP, two seconds later SIGKILL.
 * - Not built: public keys, sftp, forwarding. They are refused.
 */
export { ClientConnection } from './client-connection.js';
export { SshServer, type SshServerOptions } from './ssh-server.js';
