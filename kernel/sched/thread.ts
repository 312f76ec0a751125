import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import {
  CLOCK_THREAD_CPUTIME_ID,
  clockUs,
  FutexWaiter,
  futexWake,
  gettid,
  mapFile,
  mayChangeSchedulingClass,
  nowUs,
  SCHED_FIFO,
  setSchedulingClass,
  setThreadName,
  setTimerSlack,
} from '../../lib/linux/index.js';
import { BellFile, Doorbell, HostFile, MAX_WORLDS, SchedFileWriter, StorageFile } from '../abi/index.js';
import { GroupTable } from './group-table.js';
import { RealLinuxPort } from './linux-port.js';
import { MachineLoad } from './machine-load.js';
import { Pcpu } from './policy/index.js';
import { Scheduler } from './scheduler.js';
import type { SchedulerThreadData } from './scheduler-thread.js';
import type { Vcpu } from './vcpu.js';
import { warmUp } from './warm-up.js';
import { WorldTable } from './world-table.js';

/** The scheduler's thread: SCHED_FIFO where Linux allows it, blocked by nothing but its own futex. */

const OWN_PRIORITY = 50;
const PUBLISH_PERIOD_US = 500_000;

const data = workerData as SchedulerThreadData;

function run(): void {
  setThreadName('scheduler');
  setTimerSlack(1);
  const mayChangeClass = mayChangeSchedulingClass();
  const realTime = setSchedulingClass(0, SCHED_FIFO, OWN_PRIORITY) === 0;
  const open = (name: string, size: number, writable: boolean): ReturnType<typeof mapFile> =>
    mapFile(join(data.shmDir, name), size, writable);
  const host = new HostFile(open(HostFile.NAME, HostFile.SIZE_BYTES, false).memory);
  const storage = new StorageFile(open(StorageFile.NAME, StorageFile.SIZE_BYTES, false).memory);
  const schedMap = open(SchedFileWriter.NAME, SchedFileWriter.SIZE_BYTES, true);
  const sched = new SchedFileWriter(schedMap.memory);
  const bellMap = open(BellFile.NAME, BellFile.SIZE_BYTES, false);
  const bell = new BellFile(bellMap.memory);
  const ringAddress = bellMap.address + bell.bellControl.ringsIndex() * 4;
  const doorbell = Doorbell.open(data.shmDir, { mapFile, futexWake, nowUs });
  const linux = new RealLinuxPort(mayChangeClass);
  const pcpus = data.cpus.map((cpu, number) => {
    const place = host.pcpu;
    return new Pcpu<Vcpu>(number, cpu, place.core(number), place.package(number), place.node(number));
  });
  const wakeMonitor = (row: number): void => {
    doorbell.signal(row);
  };
  const groups = new GroupTable(host);
  const tables = { world: sched.schedWorld, bell: bell.bell };
  const scheduler = new Scheduler(pcpus, groups.tree, tables, linux, wakeMonitor, {
    quantumUs: data.quantumUs,
    boundLagQuanta: data.boundLagQuanta,
  });
  const onStuck = (worldId: number): void => parentPort?.postMessage({ stuck: worldId });
  const { shmDir } = data;
  const worlds = new WorldTable({ shmDir, host, storage, sched, groups, scheduler, linux, onStuck });
  const load = new MachineLoad(pcpus);
  const waiter = new FutexWaiter();
  let loops = 0;
  let publishAtUs = 0;
  let passUs = 0;
  let longestPassUs = 0;

  const publish = (atUs: number): void => {
    load.read();
    load.publishPcpus(sched.schedPcpu, atUs);
    const demandUs = worlds.publish(atUs, pcpu => load.idleUs(pcpu));
    load.average(demandUs, atUs);
    const control = sched.schedControl;
    control.beginWrite();
    control.setReady(realTime ? 2 : 1);
    control.setDispatches(scheduler.dispatcher.dispatches);
    control.setLoops(loops);
    control.setPassUs(passUs);
    control.setLongestPassUs(longestPassUs);
    control.setOwnCpuUs(clockUs(CLOCK_THREAD_CPUTIME_ID));
    load.publishLoads(control);
    control.setTakenUs(atUs);
    control.endWrite();
  };

  warmUp(data.cpus[0] ?? 0, () => doorbell.signal(MAX_WORLDS - 1), scheduler.options);
  parentPort?.postMessage({ tid: gettid(), realTime });
  const stop = new Int32Array(data.stop);
  while (Atomics.load(stop, 0) === 0) {
    const rings = bell.bellControl.rings();
    const atUs = nowUs();
    loops++;
    worlds.sync(atUs);
    const next = scheduler.pass(atUs);
    const tookUs = nowUs() - atUs;
    passUs += tookUs;
    if (tookUs > longestPassUs) longestPassUs = tookUs;
    if (atUs >= publishAtUs) {
      publish(atUs);
      publishAtUs = atUs + PUBLISH_PERIOD_US;
    }
    if (bell.bellControl.rings() !== rings) continue;
    const sleepUs = Math.min(next, publishAtUs) - nowUs();
    if (sleepUs > 0) waiter.wait(ringAddress, rings, sleepUs);
  }
  load.close();
}

run();
