import { join } from 'node:path';
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import {
  closeFd,
  eventfdClear,
  gettid,
  mapFile,
  nowUs,
  PollSet,
  setNice,
  setThreadName,
} from '../../lib/linux/index.js';
import { MemoryFileWriter } from '../abi/index.js';
import { FrameTable } from './frame-table.js';
import type { MemoryThreadData, ToMemory } from './memory-thread.js';
import { PagedVm, Pager } from './pager.js';

/** The memory thread: owns every VM's userfaultfd and the frame table; sleeps in poll alone. */

const PUBLISH_PERIOD_US = 500_000;
const POLL_MS = 100;
const URGENT_NICE = -10;

const data = workerData as MemoryThreadData;

class MemoryThreadLoop {
  readonly #port: MessagePort;
  readonly #file: MemoryFileWriter;
  readonly #frames = new FrameTable(data.vmPages);
  readonly #pager = new Pager(this.#frames, nowUs, (vm, reason) =>
    this.#port.postMessage({ type: 'refused', vmRow: vm.vmRow, reason }),
  );
  readonly #polls = new PollSet();
  #vms: PagedVm[] = [];
  #publishAtUs = 0;
  #running = true;

  constructor(port: MessagePort) {
    this.#port = port;
    const { memory } = mapFile(join(data.shmDir, MemoryFileWriter.NAME), MemoryFileWriter.SIZE_BYTES, true);
    this.#file = new MemoryFileWriter(memory);
    this.#watch();
  }

  run(): void {
    while (this.#running) {
      const found = this.#polls.wait(POLL_MS);
      if (found > 0) this.#serve();
      const atUs = nowUs();
      if (atUs >= this.#publishAtUs) this.#publish(atUs);
    }
  }

  #serve(): void {
    if (this.#polls.ready(0) && eventfdClear(data.doorbell)) this.#receive();
    else for (const [i, vm] of this.#vms.entries()) if (this.#polls.ready(i + 1)) this.#pager.serve(vm);
  }

  #receive(): void {
    for (;;) {
      const message = receiveMessageOnPort(this.#port)?.message as ToMemory | undefined;
      if (message === undefined) return;
      if (message.type === 'stop') this.#running = false;
      else if (message.type === 'attach') this.#attach(message);
      else this.#detach(message.vmRow);
    }
  }

  #attach(m: Extract<ToMemory, { type: 'attach' }>): void {
    this.#vms.push(
      new PagedVm(m.vmRow, m.generation, m.userfaultfd, m.address, m.sizePages, m.overheadPages),
    );
    this.#watch();
    this.#port.postMessage({ type: 'attached', vmRow: m.vmRow });
  }

  #detach(vmRow: number): void {
    for (const vm of this.#vms.filter(v => v.vmRow === vmRow)) {
      this.#pager.release(vm);
      closeFd(vm.userfaultfd);
    }
    this.#vms = this.#vms.filter(v => v.vmRow !== vmRow);
    this.#watch();
    this.#publish(nowUs());
    this.#port.postMessage({ type: 'detached', vmRow });
  }

  #watch(): void {
    this.#polls.set([data.doorbell, ...this.#vms.map(vm => vm.userfaultfd)]);
  }

  #publish(atUs: number): void {
    this.#publishAtUs = atUs + PUBLISH_PERIOD_US;
    const { memoryVm: table, memoryControl: control } = this.#file;
    let overheadPages = 0;
    let guestPages = 0;
    for (const vm of this.#vms) {
      overheadPages += vm.overheadPages;
      guestPages += vm.map.presentPages;
      this.#publishVm(vm, table, atUs);
    }
    control.beginWrite();
    control.setReady(1);
    control.setTotalPages(data.machinePages);
    control.setKernelPages(data.machinePages - data.vmPages);
    control.setFreePages(data.vmPages - guestPages - overheadPages);
    control.setGuestPages(guestPages);
    control.setOverheadPages(overheadPages);
    control.setFaults(this.#pager.faults);
    control.setRefused(this.#pager.refused);
    control.setResolveUs(this.#pager.resolveUs);
    control.setTakenUs(atUs);
    control.endWrite();
  }

  #publishVm(vm: PagedVm, table: MemoryFileWriter['memoryVm'], atUs: number): void {
    const row = vm.vmRow;
    table.beginWrite(row);
    table.setGeneration(row, vm.generation);
    table.setSizePages(row, vm.sizePages);
    table.setPrivatePages(row, vm.map.presentPages);
    table.setZeroPages(row, vm.sizePages - vm.map.presentPages);
    table.setOverheadPages(row, vm.overheadPages);
    table.setFaults(row, vm.faults);
    table.setReadFaults(row, vm.readFaults);
    table.setResolveUs(row, vm.resolveUs);
    table.setTakenUs(row, atUs);
    table.endWrite(row);
  }
}

function main(): void {
  if (parentPort === null) throw new Error('the memory thread runs in a worker');
  setThreadName('memory');
  try {
    setNice(gettid(), URGENT_NICE);
  } catch {
    // An unprivileged host resolves faults at the ordinary priority.
  }
  const loop = new MemoryThreadLoop(parentPort);
  parentPort.postMessage({ type: 'up', tid: gettid() });
  loop.run();
}

main();
