import { connect, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VmkernelClient } from '../../kernel/client/index.js';
import { connectByTicket, connectThrough } from '../../lib/authd/index.js';
import { runProgram, TestHost, until } from '../harness/index.js';

let host: TestHost;
let kernel: VmkernelClient;
let ports: Awaited<ReturnType<TestHost['status']>>['ports'];
let vmxPath: string;

beforeAll(async () => {
  host = await TestHost.up();
  kernel = await host.kernel();
  ports = (await host.status()).ports;
  await host.addGuest('asm-idler');
  vmxPath = (await kernel.call('powerOn', { vmxPath: '/vmfs/volumes/storage1/asm-idler/asm-idler.vmx' }))
    .vmxPath;
}, 300_000);
afterAll(() => host.stop());

const issue = async (service: 'mks' | 'vmctl', rights: readonly string[] = []): Promise<string> =>
  (await kernel.call('issueTicket', { vmxPath, service, user: 'root', rights })).ticket;
const byTicket = (ticket: string, service: 'mks' | 'vmctl', port = ports.vmkauthd): Promise<TLSSocket> =>
  connectByTicket({ host: '127.0.0.1', port, ticket, vmxPath, service });
const asRoot = (service: 'mks' | 'vmctl'): Promise<TLSSocket> => {
  const { password } = host;
  return connectThrough({
    ...{ host: '127.0.0.1', port: ports.authd },
    ...{ user: 'root', password, vmxPath, service },
  });
};

function nextLine(stream: TLSSocket, line?: string): Promise<string> {
  const told = new Promise<string>(resolve => stream.once('data', data => resolve(String(data))));
  if (line !== undefined) stream.write(`${line}\r\n`);
  return told;
}

/** Who holds connections of a port of the host, as the kernel tells. */
async function holders(port: number): Promise<string> {
  return (await runProgram('ss', ['-tnpH', 'state', 'established', `sport = :${port}`])).stdout.toString();
}

describe('the doors to a VM', () => {
  it('are named by nmap as what they are', async () => {
    const probed = await runProgram(
      'nmap',
      ['-Pn', '-sV', '-p', `${ports.authd},${ports.vmkauthd}`, '127.0.0.1'],
      { timeoutMs: 60_000 },
    );
    const found = probed.stdout
      .toString()
      .match(/ssl\/vmware-auth +VMware Authentication Daemon 1\.10 \(Uses VNC, SOAP\)/g);
    expect(found).toHaveLength(2);
  }, 60_000);

  it('leave the connection to the vmx alone, whoever is killed then', async () => {
    const screen = await asRoot('mks');
    const serverInit = await new Promise<Buffer>(resolve => screen.once('data', resolve));
    expect(serverInit.subarray(24).toString()).toContain('asm-idler');
    const [vm] = (await kernel.call('listVms', {})).vms;
    const held = await holders(ports.authd);
    expect(held).toContain(`pid=${vm?.pid},`);
    expect(held.match(/pid=/g)).toHaveLength(1);
    for (const name of ['hostd', 'authd', 'vmkauthd']) process.kill(await host.pid(name), 'SIGKILL');
    // FramebufferUpdateRequest of the top left pixel (RFC 6143, 7.5.3)
    screen.write(Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 1, 0, 1));
    const update = await new Promise<Buffer>(resolve => screen.once('data', resolve));
    expect(update[0]).toBe(0);
    screen.destroy();
    // All three are back and open again.
    await until('authd serves again', async () => {
      const opened = await asRoot('vmctl').catch(() => undefined);
      opened?.destroy();
      return opened !== undefined;
    });
    await until('vmkauthd serves again', async () => {
      const opened = await byTicket(await issue('vmctl'), 'vmctl').catch(() => undefined);
      opened?.destroy();
      return opened !== undefined;
    });
  }, 60_000);

  it('open once to a ticket, for its service alone, and let its bearer do what it says', async () => {
    const ticket = await issue('vmctl', ['VirtualMachine.Interact.Reset']);
    const lines = await byTicket(ticket, 'vmctl');
    expect(await nextLine(lines)).toMatch(/^220 vmctl /);
    expect(await nextLine(lines, 'reset')).toBe('200 OK {}\r\n');
    expect(await nextLine(lines, 'poweroff')).toBe(
      '403 NoPermission {"privilege":"VirtualMachine.Interact.PowerOff"}\r\n',
    );
    lines.destroy();
    await expect(byTicket(ticket, 'vmctl')).rejects.toMatchObject({ code: 'LoginRefused' });
    await expect(byTicket(await issue('vmctl'), 'mks')).rejects.toMatchObject({ code: 'ConnectRefused' });
  }, 30_000);

  it('stand a thousand connections, half handshakes and nonsense in the place of TLS', async () => {
    const idle: Socket[] = [];
    for (let i = 0; i < 1000; i++) {
      const socket = connect(i % 2 === 0 ? ports.authd : ports.vmkauthd, '127.0.0.1');
      socket.on('error', () => undefined);
      if (i % 3 === 0) socket.write(Uint8Array.of(0x16, 3, 1, 2, 0));
      if (i % 3 === 1) socket.write('USER root\r\n');
      socket.resume();
      idle.push(socket);
    }
    await until(
      'most connections dropped',
      async () => idle.filter(socket => socket.destroyed || socket.readableEnded).length > 800,
    );
    (await byTicket(await issue('vmctl'), 'vmctl')).destroy();
    for (const socket of idle) socket.destroy();
  }, 60_000);

  it('close to tickets of a VM that was powered off', async () => {
    const ticket = await issue('mks');
    const lines = await asRoot('vmctl');
    await nextLine(lines);
    const accepted = nextLine(lines, 'poweroff');
    expect(await accepted).toMatch(/^202 /);
    await new Promise(resolve => lines.once('close', resolve));
    await until('the VM off', async () => (await kernel.call('listVms', {})).vms.length === 0);
    await expect(byTicket(ticket, 'mks')).rejects.toMatchObject({ code: 'LoginRefused' });
    await expect(asRoot('mks')).rejects.toMatchObject({ code: 'ConnectRefused' });
  }, 30_000);
});
