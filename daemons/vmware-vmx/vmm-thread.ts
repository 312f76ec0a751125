import { readFileSync } from 'node:fs';
import { parentPort, receiveMessageOnPort } from 'node:worker_threads';
import { VMX_DISK_DOORBELL_FD, VMX_RAM_FD, type VmxDisk, type VmxStart } from '../../kernel/abi/index.js';
import { DiskRing, Dispatch, GuestRam } from '../../kernel/vmm/index.js';
import { addressOf, gettid, nowUs, setThreadName, setTimerSlack } from '../../lib/linux/index.js';
import { type EngineDisk, GuestEngine, type RamPlacement } from './engine/index.js';
import { HaltPolicy } from './halt-policy.js';
import { VmmInput } from './vmm-input.js';
import { VmmLoop } from './vmm-loop.js';
import type { FromVmm, ToVmm, VmmThreadData } from './vmm-messages.js';
import { VmmPicture } from './vmm-picture.js';

/*
 * The VMM thread of virtual CPU 0: builds the machine on the VMkernel's RAM and disks, then lives in VmmLoop. Its
 * event loop does not turn any more after that. Its first message is VmmThreadData.
 */
const TIMER_SLACK_NS = 1;
const GATE_WAIT_MS = 50;
/** What SeaBIOS says at length about its own tables. */
const BIOS_CHATTER = /^(?:Removing mode|Searching |VBE mode info|pmm call|Attempting to|PCI: |enter |\s|$)/;
/** The engine has the primary channel's two disks, and no slave without a master. */
const IDE_NODES = ['ide0:0', 'ide0:1'];
class UnsupportedDisk extends Error {
  readonly code = 'DeviceUnsupported';
  constructor(readonly device: string) {
    super(`the engine has no place for a disk at ${device}`);
  }
}

interface Drives {
  readonly disks: EngineDisk[];
  readonly cdrom?: EngineDisk;
}

function openDrives(start: VmxStart): Drives {
  if (start.diskRing === null) return { disks: [] };
  const { cdrom } = start;
  const ring = new DiskRing({ shmDir: start.shmDir, ...start.diskRing, doorbellFd: VMX_DISK_DOORBELL_FD });
  const byUnit = [...start.disks].sort((a, b) => a.node.localeCompare(b.node));
  const open = ({ target, sizeBytes }: VmxDisk): EngineDisk => ({ port: ring.port(target), sizeBytes });
  const disks = byUnit.map((disk, i) => {
    if (disk.node !== IDE_NODES[i]) throw new UnsupportedDisk(disk.node);
    return open(disk);
  });
  return cdrom === null ? { disks } : { disks, cdrom: open(cdrom) };
}

function placeRam(ram: RamPlacement, send: (message: FromVmm) => void): void {
  const address = addressOf(ram.buffer) + ram.offsetBytes;
  const { userfaultfd } = GuestRam.map(VMX_RAM_FD, address, ram.sizeBytes);
  send({ type: 'ramMapped', tid: gettid(), address, userfaultfd });
}

function waitAtGate(gate: SharedArrayBuffer): void {
  const words = new Int32Array(gate);
  while (Atomics.load(words, 0) === 0) Atomics.wait(words, 0, 0, GATE_WAIT_MS);
}

async function main({ start, serialPorts, cpuid, port, gate, pictureWords }: VmmThreadData): Promise<void> {
  const send = (message: FromVmm) => port.postMessage(message);
  setThreadName(`vmm0:${start.name}`);
  setTimerSlack(TIMER_SLACK_NS);
  const running: { loop?: VmmLoop } = {};
  const engine = await GuestEngine.create({
    memoryBytes: start.memoryBytes,
    bios: readFileSync(start.biosPath),
    vgaBios: readFileSync(start.vgaBiosPath),
    ...openDrives(start),
    serialPorts,
    cpuid,
    placeRam: ram => placeRam(ram, send),
    onNoSpace: (disk, retry) => running.loop?.noSpace(disk, retry),
    onBiosLine: text => {
      if (!BIOS_CHATTER.test(text)) send({ type: 'log', text: `BIOS: ${text}` });
    },
  });
  waitAtGate(gate);
  const { shmDir, vmmWorldRow: worldRow, vmmWorldId: worldId } = start;
  const dispatch = new Dispatch({ shmDir, worldRow, worldId, tid: gettid() });
  send({ type: 'ready' });
  const loop = new VmmLoop({
    engine,
    dispatch,
    policy: new HaltPolicy(),
    serialPorts,
    picture: new VmmPicture({ screen: engine.screen, words: pictureWords, send, nowUs }),
    input: new VmmInput(engine.input, send),
    nowUs,
    receive: () => receiveMessageOnPort(port)?.message as ToVmm | undefined,
    send,
  });
  running.loop = loop;
  loop.run();
}

parentPort?.once('message', (data: VmmThreadData) => {
  main(data).catch(error => {
    const { code, message } = error as { code?: unknown; message?: unknown };
    const reason = String(message ?? error);
    data.port.postMessage({ type: 'failed', code: String(code ?? 'Internal'), reason } satisfies FromVmm);
  });
});
