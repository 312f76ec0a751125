import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ABI_HASH,
  encodeFrame,
  FrameDecoder,
  HostFileWriter,
  MemoryFileWriter,
  SchedFileWriter,
  StorageFileWriter,
} from '../../../kernel/abi/index.js';
import { mapFile } from '../../../lib/linux/index.js';

/** Tests' own host: shared memory written by hand through the generated writers, and a socket that tells where. */

export interface WorldTimesUs {
  readonly taken: number;
  readonly created?: number;
  readonly run?: number;
  readonly ready?: number;
  readonly wait?: number;
  readonly idle?: number;
  readonly system?: number;
  readonly overlap?: number;
  readonly costop?: number;
  readonly limited?: number;
  readonly swap?: number;
  readonly pcpu?: number;
}

/** The two files that esxtop looks at, wherever their bytes are. */
export class HostTables {
  constructor(
    readonly host: HostFileWriter,
    readonly sched: SchedFileWriter,
  ) {
    this.host.hostControl.setHostName('esx1');
    this.host.hostControl.setBootWallMs(Date.UTC(2026, 0, 1));
  }

  static inMemory(): HostTables {
    const host = new ArrayBuffer(HostFileWriter.SIZE_BYTES);
    const sched = new ArrayBuffer(SchedFileWriter.SIZE_BYTES);
    HostFileWriter.stamp(host);
    SchedFileWriter.stamp(sched);
    return new HostTables(new HostFileWriter(host), new SchedFileWriter(sched));
  }

  group(row: number, groupId: number, name: string, kind: number, max = -1): void {
    const { group, hostControl } = this.host;
    group.setGroupId(row, groupId);
    group.setName(row, name);
    group.setKind(row, kind);
    group.setParentRow(row, -1);
    group.setCpuShares(row, 1000);
    group.setCpuMin(row, 0.25);
    group.setCpuMax(row, max);
    group.setGeneration(row, group.generation(row) | 1);
    hostControl.setGroupCount(Math.max(hostControl.groupCount(), row + 1));
  }

  /** Gives a row to a world; a row that was in use changes its owner. */
  world(row: number, worldId: number, groupRow: number, name: string, kind = 0): void {
    const { world, hostControl } = this.host;
    this.endWorld(row);
    world.setWorldId(row, worldId);
    world.setGroupRow(row, groupRow);
    world.setName(row, name);
    world.setKind(row, kind);
    world.setPcpu(row, -1);
    world.setGeneration(row, world.generation(row) + 1);
    hostControl.setWorldCount(Math.max(hostControl.worldCount(), row + 1));
  }

  endWorld(row: number): void {
    const { world } = this.host;
    if (world.generation(row) & 1) world.setGeneration(row, world.generation(row) + 1);
  }

  times(row: number, times: WorldTimesUs): void {
    const table = this.sched.schedWorld;
    table.beginWrite(row);
    table.setGeneration(row, this.host.world.generation(row));
    table.setCreatedUs(row, times.created ?? 0);
    table.setUsedUs(row, (times.run ?? 0) + (times.system ?? 0) - (times.overlap ?? 0));
    table.setRunUs(row, times.run ?? 0);
    table.setReadyUs(row, times.ready ?? 0);
    table.setWaitUs(row, times.wait ?? 0);
    table.setIdleUs(row, times.idle ?? 0);
    table.setSystemUs(row, times.system ?? 0);
    table.setOverlapUs(row, times.overlap ?? 0);
    table.setCostopUs(row, times.costop ?? 0);
    table.setLimitedUs(row, times.limited ?? 0);
    table.setSwapUs(row, times.swap ?? 0);
    table.setPcpu(row, times.pcpu ?? 0);
    table.setTakenUs(row, times.taken);
    table.endWrite(row);
  }

  /** What a monitor reports of a world, as the scheduler copies it. */
  monitor(
    row: number,
    told: Partial<Record<'user' | 'kernel' | 'monitor' | 'interrupts' | 'timers', number>>,
  ): void {
    const table = this.sched.schedWorld;
    table.beginWrite(row);
    table.setGuestUserUs(row, told.user ?? 0);
    table.setGuestKernelUs(row, told.kernel ?? 0);
    table.setMonitorUs(row, told.monitor ?? 0);
    table.setInterrupts(row, told.interrupts ?? 0);
    table.setTimerInterrupts(row, told.timers ?? 0);
    table.endWrite(row);
  }

  pcpu(number: number, usedUs: number, idleUs: number, takenUs: number): void {
    const { hostControl } = this.host;
    const table = this.sched.schedPcpu;
    hostControl.setPcpuCount(Math.max(hostControl.pcpuCount(), number + 1));
    this.host.pcpu.setCore(number, number);
    table.beginWrite(number);
    table.setUsedUs(number, usedUs);
    table.setIdleUs(number, idleUs);
    table.setTakenUs(number, takenUs);
    table.endWrite(number);
  }

  published(takenUs: number, load: readonly [number, number, number] = [0.01, 0.05, 0.02]): void {
    const control = this.sched.schedControl;
    control.beginWrite();
    control.setLoad1(load[0]);
    control.setLoad5(load[1]);
    control.setLoad15(load[2]);
    control.setTakenUs(takenUs);
    control.endWrite();
  }
}

export interface FakeHost {
  readonly socketPath: string;
  /** What listVms answers. */
  readonly vms: { worldId: number; name: string; vmxPath: string }[];
  /** Calls that came, with their arguments. */
  readonly calls: readonly unknown[];
  readonly tables: HostTables;
  /** Ends every connection and the socket, as the end of a VMkernel does. */
  die(): void;
  close(): void;
}

/** A host on real shared-memory files and a real socket, in a folder of its own. */
export async function startFakeHost(abiHash: number = ABI_HASH): Promise<FakeHost> {
  const folder = mkdtempSync(join(tmpdir(), 'esxtop-test-'));
  const shmDir = join(folder, 'shm');
  mkdirSync(shmDir);
  const file = (name: string, sizeBytes: number): ArrayBuffer => {
    writeFileSync(join(shmDir, name), Buffer.alloc(sizeBytes), { mode: 0o600 });
    return mapFile(join(shmDir, name), sizeBytes, true).memory;
  };
  const host = file(HostFileWriter.NAME, HostFileWriter.SIZE_BYTES);
  const sched = file(SchedFileWriter.NAME, SchedFileWriter.SIZE_BYTES);
  HostFileWriter.stamp(host);
  SchedFileWriter.stamp(sched);
  MemoryFileWriter.stamp(file(MemoryFileWriter.NAME, MemoryFileWriter.SIZE_BYTES));
  StorageFileWriter.stamp(file(StorageFileWriter.NAME, StorageFileWriter.SIZE_BYTES));
  const socketPath = join(folder, 'control.sock');
  const vms: FakeHost['vms'] = [];
  const calls: unknown[] = [];
  const { server, sockets } = await listen(socketPath, { abiHash, shmDir, vms }, calls);
  const die = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return {
    socketPath,
    vms,
    calls,
    tables: new HostTables(new HostFileWriter(host), new SchedFileWriter(sched)),
    die,
    close: () => {
      die();
      rmSync(folder, { recursive: true });
    },
  };
}

async function listen(
  socketPath: string,
  result: Readonly<Record<string, unknown>>,
  calls: unknown[],
): Promise<{ server: Server; sockets: Set<Socket> }> {
  const sockets = new Set<Socket>();
  const server = createServer(socket => {
    const decoder = new FrameDecoder();
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.on('data', chunk => {
      for (const { header } of decoder.push(chunk)) {
        const { id, ...asked } = header as { id: number };
        calls.push(asked);
        socket.write(encodeFrame({ id, result }));
      }
    });
  });
  await new Promise<void>(resolve => server.listen(socketPath, resolve));
  return { server, sockets };
}
