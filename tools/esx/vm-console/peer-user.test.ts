import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { userOfPeer } from './peer-user.js';

/** Header and rows in proc_pid_net(5)'s form: 127.0.0.1:50000 to :8080 of user 1000, and the other end's, of root. */
const TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 10001 1 0 100 0 0 10 0
   1: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 10002 1 0 20 4 30 10 -1
   2: 0100007F:C350 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1000        0 10003 1 0 20 4 30 10 -1
   3: 0100007F:C351 0100007F:1F90 06 00000000:00000000 03:00001770 00000000     0        0 0 3 0
`;
const TCP6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0000000000000000FFFF00000100007F:C352 0000000000000000FFFF00000100007F:1F90 01 00000000:00000000 00:00000000 00000000  1001        0 10004 1 0 20 4 30 10 -1
`;
const tables = (path: string): string => (path.endsWith('6') ? TCP6 : TCP);
const from = (remotePort: number) => ({
  ...{ localAddress: '127.0.0.1', localPort: 8080, remoteAddress: '127.0.0.1', remotePort },
});

it('the user of a connection is found from its other end', () => {
  expect(userOfPeer(from(50_000), tables)).toBe(1000);
  expect(userOfPeer(from(50_002), tables)).toBe(1001);
});

it('a connection that its client has closed is nobody’s, not root’s', () => {
  expect(userOfPeer(from(50_001), tables)).toBeUndefined();
  expect(userOfPeer(from(1), tables)).toBeUndefined();
});

it.skipIf(process.getuid?.() !== 0)('Linux tells users apart', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const accepted = async (): Promise<number | undefined> => {
    const [socket] = (await once(server, 'connection')) as [Socket];
    const user = userOfPeer(socket);
    socket.destroy();
    return user;
  };
  const own = createConnection(port, '127.0.0.1');
  expect(await accepted()).toBe(0);
  own.destroy();
  const other = accepted();
  const script = `exec 3<>/dev/tcp/127.0.0.1/${port}; read -t 5 -u 3`;
  const child = spawn('setpriv', ['--reuid', '65534', '--clear-groups', 'bash', '-c', script]);
  expect(await other).toBe(65534);
  await once(child, 'exit');
  server.close();
});
