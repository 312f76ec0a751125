import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VmkernelClient } from '../../kernel/client/index.js';
import { connectByTicket } from '../../lib/authd/index.js';
import { SegmentStream } from '../../lib/tls/index.js';
import { TestHost, until } from '../harness/index.js';

let host: TestHost;
let kernel: VmkernelClient;
let doors: { readonly daemon: 'authd' | 'vmkauthd'; readonly port: number }[];
let vmxPath: string;

beforeAll(async () => {
  host = await TestHost.up();
  kernel = await host.kernel();
  const { ports } = await host.status();
  doors = [
    { daemon: 'authd', port: ports.authd },
    { daemon: 'vmkauthd', port: ports.vmkauthd },
  ];
  vmxPath = (await kernel.call('powerOn', { vmxPath: await host.addGuest('asm-idler') })).vmxPath;
}, 300_000);
afterAll(() => host.stop());

const issue = async (): Promise<string> =>
  (await kernel.call('issueTicket', { vmxPath, service: 'vmctl', user: 'root', rights: [] })).ticket;
const isGood = (ticket: string): Promise<boolean> =>
  kernel.call('checkTicket', { ticket }).then(
    () => true,
    () => false,
  );

/** A client that takes the way to a VM step by step. */
class Walker {
  readonly socket: Socket;
  readonly closed: Promise<unknown>;
  #segment: SegmentStream | undefined;
  #tls: TLSSocket | undefined;

  constructor(
    port: number,
    readonly ticket: string,
  ) {
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.socket.on('error', () => undefined);
    this.closed = new Promise(resolve => this.socket.once('close', resolve));
  }

  readonly steps: readonly (() => Promise<void>)[] = [
    async () => expect(String((await once(this.socket, 'data'))[0])).toMatch(/^220 VMware Auth/),
    async () => {
      this.#segment = new SegmentStream(this.socket);
      this.#segment.on('error', () => undefined);
      this.#tls = connectTls({ socket: this.#segment, rejectUnauthorized: false });
      this.#tls.on('error', () => undefined);
      await once(this.#tls, 'secureConnect');
    },
    () => this.#ask(`USER ${this.ticket}`, /^331 /),
    () => this.#ask(`PASS ${this.ticket}`, /^230 /),
    () => this.#ask('THUMBPRINT bm9uY2U', /^200 /),
    () => this.#ask(this.connectLine, /^200 Connect /),
  ];

  get connectLine(): string {
    return `CONNECT ${vmxPath} vmctl`;
  }

  async walk(count: number): Promise<this> {
    for (const step of this.steps.slice(0, count)) await step();
    return this;
  }

  say(text: string): void {
    this.#tls?.write(text);
  }

  /** Whatever the first session still says. */
  heard(): string[] {
    const heard: string[] = [];
    this.#tls?.on('data', data => heard.push(String(data)));
    return heard;
  }

  answered(): Promise<boolean> {
    return new Promise(resolve => this.#tls?.once('data', () => resolve(true)));
  }

  /** Opens the second session. @returns what the VM says first */
  async second(): Promise<string> {
    this.#segment?.detach();
    const tls = connectTls({ socket: this.socket, rejectUnauthorized: false });
    tls.on('error', () => undefined);
    await once(tls, 'secureConnect');
    tls.write('bm9uY2U');
    return String((await once(tls, 'data'))[0]);
  }

  async #ask(line: string, answer: RegExp): Promise<void> {
    this.say(`${line}\r\n`);
    if (this.#tls !== undefined) expect(String((await once(this.#tls, 'data'))[0])).toMatch(answer);
  }
}

async function killDoors(): Promise<void> {
  const { daemons } = await host.settled();
  for (const { daemon } of doors)
    process.kill(daemons.find(({ name }) => name === daemon)?.pid ?? -1, 'SIGKILL');
}

async function opensAgain(port: number): Promise<void> {
  await until('the door to open again', async () => {
    const where = { host: '127.0.0.1', port, vmxPath, service: 'vmctl' } as const;
    const opened = await connectByTicket({ ...where, ticket: await issue() }).catch(() => undefined);
    opened?.destroy();
    return opened !== undefined;
  });
}

describe('SIGKILL of authd and vmkauthd', () => {
  it('ends the connections of clients at every step before CONNECT, and leaves their tickets', async () => {
    const all = [1, 2, 3, 4, 5].flatMap(count => doors.map(({ port }) => ({ count, port })));
    const walkers = await Promise.all(
      all.map(async ({ count, port }) => new Walker(port, await issue()).walk(count)),
    );
    const connected = await Promise.all(
      doors.map(async ({ port }) => new Walker(port, await issue()).walk(6)),
    );
    await killDoors();
    for (const { closed, ticket } of walkers) {
      await closed;
      expect(await isGood(ticket)).toBe(true);
    }
    // After CONNECT it is nothing to the client: the second session opens.
    for (const walker of connected) {
      expect(await walker.second()).toMatch(/^220 vmctl /);
      expect(await isGood(walker.ticket)).toBe(false);
      walker.socket.destroy();
    }
    for (const { port } of doors) await opensAgain(port);
  }, 60_000);

  it('while CONNECT is under way ends the connection or leaves it to the VM, and hangs nobody', async () => {
    const walkers = await Promise.all(doors.map(async ({ port }) => new Walker(port, await issue()).walk(5)));
    const { daemons } = await host.settled();
    for (const [i, { daemon }] of doors.entries()) {
      walkers[i]?.say(`CONNECT ${vmxPath} vmctl\r\n`);
      process.kill(daemons.find(({ name }) => name === daemon)?.pid ?? -1, 'SIGKILL');
    }
    for (const walker of walkers) {
      const answered = await Promise.race([walker.closed.then(() => false), walker.answered()]);
      if (answered) expect(await walker.second()).toMatch(/^220 vmctl /);
      walker.socket.destroy();
    }
    for (const { port } of doors) await opensAgain(port);
  }, 60_000);
});

describe('a client that goes on in the first session after CONNECT', () => {
  it('with the same bytes gets no answer and keeps its ticket', async () => {
    for (const { port } of doors) {
      const walker = await new Walker(port, await issue()).walk(5);
      const heard = walker.heard();
      walker.say(`${walker.connectLine}\r\nQUIT\r\n`);
      await walker.closed;
      expect(heard).toEqual([]);
      expect(await isGood(walker.ticket)).toBe(true);
    }
  }, 30_000);

  it('after the answer is closed by the VM, which takes it for no handshake', async () => {
    for (const { port } of doors) {
      const walker = await new Walker(port, await issue()).walk(6);
      const heard = walker.heard();
      walker.say('status\r\n');
      await walker.closed;
      expect(heard).toEqual([]);
    }
  }, 30_000);
});
