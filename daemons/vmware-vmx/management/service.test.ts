import { Duplex } from 'node:stream';
import { expect, it, vi } from 'vitest';
import { VmkernelError } from '../../../kernel/abi/index.js';
import { type ManagementPorts, ManagementService } from './service.js';

/** The VM's end of a connection, with what was written to it. */
class Connection extends Duplex {
  written = '';
  reads = true;
  override _read(): void {
    // push() says when something comes
  }
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.written += String(chunk);
    if (this.reads) done();
  }
  async lines(count: number): Promise<string[]> {
    await vi.waitFor(() => expect(this.written.split('\r\n').length - 1).toBeGreaterThanOrEqual(count));
    return this.written.split('\r\n').slice(0, -1);
  }
}

const RIGHTS = ['PowerOff', 'Reset', 'DeviceConnection'].map(name => `VirtualMachine.Interact.${name}`);

function serve(
  rights: readonly string[] = RIGHTS,
  changes: Partial<ManagementPorts> = {},
): { connection: Connection; done: string[] } {
  const done: string[] = [];
  const devices: Record<string, boolean> = { serial0: true };
  const connection = new Connection();
  new ManagementService(connection, rights, {
    name: 'a VM',
    status: () => ({ powerState: 'poweredOn' }),
    guest: () => ({ guestOS: 'other' }),
    devices: () => devices,
    powerOff: async () => void done.push('poweroff'),
    reset: async () => void done.push('reset'),
    setConnected: async (device, connected) => {
      devices[device] = connected;
    },
    ...changes,
  });
  return { connection, done };
}

it('answers each line by one line, in their order', async () => {
  const { connection, done } = serve();
  connection.push('status\r\nguest\nDEVICES\r\ndisconnect serial0\r\nreset\r\npoweroff\r\n');
  expect(await connection.lines(7)).toEqual([
    '220 vmctl {"version":1,"vm":"a VM"}',
    '200 OK {"powerState":"poweredOn"}',
    '200 OK {"guestOS":"other"}',
    '200 OK {"serial0":true}',
    '200 OK {"serial0":false}',
    '200 OK {}',
    '202 Accepted {}',
  ]);
  expect(done).toEqual(['reset', 'poweroff']);
});

it('does nothing for which the ticket has no right', async () => {
  const { connection, done } = serve([]);
  connection.push('reset\r\npoweroff\r\nconnect serial0\r\nsuspend\r\n');
  const [, ...answers] = await connection.lines(5);
  for (const answer of answers) expect(answer).toMatch(/^403 NoPermission \{"privilege":"VirtualMachine\./);
  expect(done).toEqual([]);
});

it('says what is no request, what is not built, and what the VMkernel refuses', async () => {
  const { connection } = serve([...RIGHTS, 'VirtualMachine.Interact.Suspend'], {
    reset: () => Promise.reject(new VmkernelError('InvalidState', 'It is off', {})),
    setConnected: () => Promise.reject(new Error('a secret of the host')),
  });
  connection.push('reset now\r\nconnect\r\n\r\nsuspend\r\nreset\r\nconnect serial0\r\nhelp\r\n');
  const lines = await connection.lines(8);
  expect(lines.slice(1, 4).map(line => line.slice(0, 14))).toEqual(Array(3).fill('400 BadRequest'));
  expect(lines[4]).toMatch(/^501 NotSupported /);
  expect(lines[5]).toBe('409 InvalidState {"message":"It is off"}');
  expect(lines[6]).toBe('409 Internal {"message":""}');
  expect(lines[7]).toMatch(/^200 OK \{"verbs":\["help",/);
});

it('ends the connection of a line that does not end, and reads no more of it', async () => {
  const { connection } = serve();
  const block = Buffer.alloc(64 << 10, 'a');
  connection.push(block);
  expect((await connection.lines(2))[1]).toBe('400 TooLong {}');
  await vi.waitFor(() => expect(connection.destroyed).toBe(true));
  expect(connection.written.match(/TooLong/g)).toHaveLength(1);
});

it('closes on a client that neither ends its line nor reads the answer', async () => {
  vi.useFakeTimers();
  try {
    const { connection } = serve();
    connection.reads = false;
    connection.push(Buffer.alloc(1000, 'a'));
    await vi.advanceTimersByTimeAsync(1);
    expect(connection.isPaused()).toBe(true);
    expect(connection.destroyed).toBe(false);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(connection.destroyed).toBe(true);
  } finally {
    vi.useRealTimers();
  }
});

it('ends when the client says so, does nothing that came after, and when it idles', async () => {
  const { connection, done } = serve();
  connection.push('quit\r\nreset\r\n');
  expect((await connection.lines(2)).slice(1)).toEqual(['221 Goodbye {}']);
  await vi.waitFor(() => expect(connection.destroyed).toBe(true));
  expect(done).toEqual([]);
  vi.useFakeTimers();
  try {
    const idle = serve().connection;
    await vi.advanceTimersByTimeAsync(31 * 60_000);
    expect(idle.written).toContain('408 Idle {}');
    expect(idle.destroyed).toBe(true);
  } finally {
    vi.useRealTimers();
  }
});
