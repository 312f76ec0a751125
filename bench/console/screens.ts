import type { Socket } from 'node:net';
import { connectByTicket } from '../../lib/authd/index.js';
import { freePort } from '../free-port.js';
import type { GuestSession } from '../guest-session.js';
import type { Images } from '../images.js';
import { Peer } from '../peers.js';
import { cpuUs, rssMb } from '../processes.js';
import type { BenchContext } from '../result.js';
import type { SoapHost } from '../soap-host.js';
import { plainLogin } from './plain-login.js';

export const SERVERS = ['ours', 'qemu'] as const;
export type ServerName = (typeof SERVERS)[number];
/** What the guest shows: text that scrolls, a square that moves, or what it showed last. */
export type Motion = 't' | 'g' | 's';

const GUEST = 'asm-mover';
const MEMORY_MB = 8;
/** QEMU's screens are numbered from this port on. */
const FIRST_VNC_PORT = 5900;

/** A guest's screen that viewers can look at. */
export interface Screen {
  readonly name: ServerName;
  readonly port: number;
  /** A plain viewer's connection, at ServerInit. */
  connect(): Promise<Socket>;
  order(motion: Motion): Promise<void>;
  /** Of the machine's process, µs. */
  cpuUs(): number;
  rssMb(): number;
}

/** Ours can be reached by ticket too. */
export interface OurScreen extends Screen {
  ticket(): Promise<string>;
  /** @returns a connection at ServerInit */
  connectByTicket(ticket: string): ReturnType<typeof connectByTicket>;
  stop(): Promise<void>;
}

export async function ourScreen(host: SoapHost, images: Images): Promise<OurScreen> {
  const port = await portAbove(host.portOffset);
  await images.place(GUEST, host.datastore, GUEST, {
    'RemoteDisplay.vnc.enabled': 'TRUE',
    'RemoteDisplay.vnc.port': String(port - host.portOffset),
  });
  const vm = await host.start(`/vmfs/volumes/storage1/${GUEST}/${GUEST}.vmx`);
  const { session, socket } = await host.serial(vm);
  await session.waitFor(/k/);
  return {
    name: 'ours',
    port,
    connect: () => plainLogin(port),
    order: motion => order(session, motion),
    cpuUs: () => cpuUs(vm.pid),
    rssMb: () => rssMb(vm.pid),
    ticket: () => host.screenTicket(vm),
    connectByTicket: ticket =>
      connectByTicket({
        host: '127.0.0.1',
        port: host.authdPort,
        ticket,
        vmxPath: vm.vmxPath,
        service: 'mks',
      }),
    stop: async () => {
      socket.destroy();
      await host.powerOff(vm);
    },
  };
}

export async function qemuScreen(
  { owned }: BenchContext,
  images: Images,
  folder: string,
): Promise<{ screen: Screen; peer: Peer }> {
  const port = await portAbove(FIRST_VNC_PORT);
  const vmFolder = await images.place(GUEST, folder, 'qemu');
  const vnc = ['-vga', 'std', '-vnc', `127.0.0.1:${port - FIRST_VNC_PORT}`];
  const peer = Peer.qemu(owned, vmFolder, MEMORY_MB, vnc);
  await peer.session.waitFor(/k/);
  const screen: Screen = {
    name: 'qemu',
    port,
    connect: () => plainLogin(port),
    order: motion => order(peer.session, motion),
    cpuUs: () => peer.cpuUs(),
    rssMb: () => rssMb(peer.pid),
  };
  return { screen, peer };
}

async function order(session: GuestSession, motion: Motion): Promise<void> {
  session.send(motion);
  await session.waitFor(new RegExp(motion));
}

async function portAbove(least: number): Promise<number> {
  for (;;) {
    const port = await freePort();
    if (port > least) return port;
  }
}
