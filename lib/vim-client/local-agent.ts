/** Where hostd of this service console listens. */
export interface ListeningAddress {
  readonly host: string;
  readonly port: number;
}

const SSH_PORT = 22;
const HTTPS_PORT = 443;

/**
 * All ports of a host are moved by one offset, and no file in the console tells it; the session's own ssh connection
 * does. @param sshConnection SSH_CONNECTION: client address and port, then the address and port of this end
 */
export function localAddress(sshConnection: string): ListeningAddress {
  const [, , host, port] = sshConnection.split(' ');
  const https = Number(port) - SSH_PORT + HTTPS_PORT;
  if (host === undefined || !(https > 0 && https <= 65535)) return { host: '127.0.0.1', port: HTTPS_PORT };
  return { host, port: https };
}
