/**
 * sshd: the way into the service console. It runs inside the console, accepts on the socket that init passed to it,
 * decides on logins by the console's own accounts and keys, and runs sessions as the console's users.
 *
 *   ssh-server       connections in, bounded            client-connection   a client's login and sessions
 *   config/          sshd_config(5), read at each new connection
 *   login/           client-login: one client's attempts; console-logins: passwd, shadow, group, authorized_keys
 *   login-records/   utmp, wtmp, lastlog
 *   session          one channel and its program        pty-program, piped-program   the two ways to run one
 *   pumps            bytes between program and channel  session-processes   what ends with a session
 *   local-forwards   direct-tcpip, where AllowTcpForwarding is on
 *
 * - sftp, scp and rsync are the machine's programs, run as the user in the console as any other command.
 * - Output is held back by the client's reading, input by the program's: nothing is queued without bound.
 * - A program's session (setsid) ends when its connection does: SIGHUP, two seconds later SIGKILL.
 * - No key is decoded before a file of its account names it.
 * - Agent, X11 and remote forwarding are refused.
 */
export { ClientConnection } from './client-connection.js';
export { SshServer, type SshServerOptions } from './ssh-server.js';
