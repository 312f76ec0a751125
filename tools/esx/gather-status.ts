import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import type { UserWorldInfo, VmInfo } from '../../kernel/abi/index.js';
import { VmkernelClient } from '../../kernel/client/index.js';
import { askInit } from './init-client.js';
import { displayName, type RegisteredVm, readInventory } from './inventory.js';
import { machinePids } from './machine-pids.js';
import type { RootFolder } from './root-folder.js';
import type { DaemonStatus, HostStatus, VmStatus } from './status.js';

const DAEMONS = ['init', 'vmkernel', 'vmkauthd', 'syslogd', 'hostd', 'authd', 'sshd'];
const PORTS = { http: 80, https: 443, authd: 902, vmkauthd: 903, ssh: 22 };
const DEFAULT_BIND = '127.0.0.1';

const HostFile = z.object({ portOffset: z.number().int().optional(), bind: z.string().optional() });

/**
 * The host's state from init, the VMkernel and the inventory's file; hostd is not asked, so it may be away.
 * A host that is down shows the ports it had last.
 */
export async function gatherStatus(root: RootFolder, note: (text: string) => void): Promise<HostStatus> {
  const init = await askInit(root.initSocket, 'status');
  const inventory = readInventory(root.path);
  if (inventory === null) note(`the inventory of VMs cannot be read now: ${root.inventory}`);
  const registered = inventory ?? [];
  const base = { root: root.path, user: 'root', passwordFile: root.passwordFile };
  if (init === undefined) {
    const { portOffset = 0, bind = DEFAULT_BIND } = readHostFile(root.in('host.json'));
    const port = (name: keyof typeof PORTS) => PORTS[name] + portOffset;
    const ports = {
      http: port('http'),
      https: port('https'),
      authd: port('authd'),
      vmkauthd: port('vmkauthd'),
      ssh: port('ssh'),
    };
    const daemons = DAEMONS.map((name): DaemonStatus => ({ name, pid: null, state: 'stopped' }));
    return {
      ...base,
      bootId: null,
      bind,
      ports,
      consoleMemory: null,
      leftOut: [],
      daemons,
      vms: registered.map(vm => vmStatus(vm, [], new Map(), null)),
    };
  }
  const machinePid = machinePids(init.pidNamespace);
  const vms = await vmsOf(root, registered, machinePid);
  const worlds = (await userWorldsOf(root)).map(world => ({ ...world, pid: machinePid(world.pid) }));
  const [first, vmkernel, ...others] = init.daemons;
  const all = [first, vmkernel, ...worlds, ...others].filter(d => d !== undefined);
  const daemons = all.map(d => ({ name: d.name, pid: d.pid === 0 ? null : d.pid, state: d.state }));
  const { bootId, bind, ports, user, passwordFile, consoleMemory, leftOut } = init;
  const told = { bootId, bind, ports, user, passwordFile, consoleMemory, leftOut };
  return { root: root.path, ...told, daemons, vms };
}

async function vmsOf(
  root: RootFolder,
  registered: readonly RegisteredVm[],
  machinePid: (pid: number) => number,
): Promise<VmStatus[]> {
  const kernel = await connectKernel(root);
  if (kernel === undefined) return registered.map(vm => vmStatus(vm, [], new Map(), null));
  try {
    const { vms } = await kernel.call('listVms', {});
    const running = vms.map(vm => ({ ...vm, pid: machinePid(vm.pid) }));
    const { datastores } = await kernel.call('listDatastores', {});
    const labels = new Map(datastores.map(d => [d.volume, d.label]));
    const read = (path: string) => kernel.files.read(path).catch(() => null);
    return await Promise.all(
      registered.map(async vm => vmStatus(vm, running, labels, await read(vm.vmxPath))),
    );
  } finally {
    kernel.close();
  }
}

/** What the VMkernel runs outside the service console besides VMs. */
async function userWorldsOf(root: RootFolder): Promise<UserWorldInfo[]> {
  const kernel = await connectKernel(root);
  try {
    return (await kernel?.call('listUserWorlds', {}))?.worlds ?? [];
  } finally {
    kernel?.close();
  }
}

/** @returns undefined while the VMkernel does not serve yet, or no longer */
export function connectKernel(root: RootFolder): Promise<VmkernelClient | undefined> {
  return VmkernelClient.connect(root.vmkernelSocket).catch(() => undefined);
}

function vmStatus(
  vm: RegisteredVm,
  running: readonly VmInfo[],
  labels: ReadonlyMap<string, string>,
  vmx: Uint8Array | null,
): VmStatus {
  const [, volume = '', rest = ''] = /^\/vmfs\/volumes\/([^/]+)\/(.*)$/.exec(vm.vmxPath) ?? [];
  const label = labels.get(volume) ?? volume;
  const world = running.find(r => samePath(r.vmxPath, vm.vmxPath, labels));
  return {
    vmid: vm.vmid,
    name: displayName(vmx, vm.vmxPath),
    path: rest === '' ? vm.vmxPath : `[${label}] ${rest}`,
    state: world === undefined ? 'poweredOff' : 'poweredOn',
    pid: world === undefined || world.pid === 0 ? null : world.pid,
  };
}

/** Volumes are named by id or label. */
function samePath(a: string, b: string, labels: ReadonlyMap<string, string>): boolean {
  const byLabel = (path: string) =>
    path.replace(
      /^\/vmfs\/volumes\/([^/]+)/,
      (_, volume: string) => `/vmfs/volumes/${labels.get(volume) ?? volume}`,
    );
  return byLabel(a) === byLabel(b);
}

/** Whether this folder ever held a host. */
export function wasEverUp(root: RootFolder): boolean {
  return existsSync(root.in('host.json'));
}

export function readHostFile(path: string): z.infer<typeof HostFile> {
  return existsSync(path) ? HostFile.parse(JSON.parse(readFileSync(path, 'utf8'))) : {};
}
