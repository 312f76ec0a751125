/**
 * syslogd: takes what programs of the service console say on /dev/log (syslog(3), logger, PAM) into the files of
 * /var/log, each bounded and rotated.
 *
 *   messages       bytes of a connection to messages; pure        routes    which file a message belongs to
 *   syslog-server  the socket and its connections                 main      flags, wiring
 *
 * - The socket is a stream; syslog(3) and logger(1) turn to it because no datagram socket answers there.
 * - It is bound here and not by init: /run is the console's own and no door of the machine.
 * - A message is one line of a bounded length whatever it contains. Time and host name are ours, not the sender's.
 * - Nobody but programs of the console can reach it, and its CPU time and memory are the console's.
 */
export * from './messages.js';
export * from './routes.js';
export * from './syslog-server.js';
