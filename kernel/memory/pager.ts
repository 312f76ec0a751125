import { type Address, FaultResolver, PAGE_BYTES } from '../../lib/linux/index.js';
import { type FrameTable, PageMap, type Ppn } from './frame-table.js';

const EEXIST = 17;
const ESRCH = 3;
const ENOENT = 2;

/** The guest RAM of one VM as the memory thread sees it. */
export class PagedVm {
  readonly map: PageMap;
  faults = 0;
  readFaults = 0;
  resolveUs = 0;

  constructor(
    readonly vmRow: number,
    readonly generation: number,
    readonly userfaultfd: number,
    readonly address: Address,
    readonly sizePages: number,
    readonly overheadPages: number,
  ) {
    this.map = new PageMap(sizePages);
  }
}

/**
 * Resolves missing pages: takes a frame, fills the hole, wakes who waits. It never waits for a grant or for a control
 * call. Holes are filled by UFFDIO_ZEROPAGE alone: a load or pwrite would make a page behind the table's back.
 */
export class Pager {
  refused = 0;
  faults = 0;
  resolveUs = 0;
  readonly #resolver = new FaultResolver();

  constructor(
    private readonly frames: FrameTable,
    private readonly nowUs: () => number,
    private readonly report: (vm: PagedVm, reason: string) => void,
  ) {}

  /** Serves what waits on one VM's userfaultfd. */
  serve(vm: PagedVm): void {
    const startUs = this.nowUs();
    const found = this.#resolver.read(vm.userfaultfd);
    for (let i = 0; i < found; i++) if (this.#resolver.isPageFault(i)) this.#resolve(vm, i);
    const tookUs = this.nowUs() - startUs;
    vm.resolveUs += tookUs;
    this.resolveUs += tookUs;
  }

  release(vm: PagedVm): void {
    vm.map.empty(mpn => this.frames.give(mpn));
  }

  #resolve(vm: PagedVm, index: number): void {
    const address = this.#resolver.addressOf(index);
    const ppn = ((address - vm.address) / PAGE_BYTES) as Ppn;
    if (ppn < 0 || ppn >= vm.sizePages) {
      this.#refuse(vm, `a fault outside of guest RAM, page ${ppn}`);
      return;
    }
    // Two threads may fault on one page; the second finds it there and only needs waking.
    if (!vm.map.isHole(ppn)) {
      this.#resolver.wake(vm.userfaultfd, address, PAGE_BYTES);
      return;
    }
    const mpn = this.frames.take(vm.vmRow, ppn);
    if (mpn === null) {
      this.#refuse(vm, 'no machine frame is free');
      return;
    }
    const errno = this.#resolver.zero(vm.userfaultfd, address, PAGE_BYTES);
    if (errno !== 0 && errno !== EEXIST) {
      this.frames.give(mpn);
      // Its process is going away: nobody waits for this page any more.
      if (errno !== ESRCH && errno !== ENOENT) this.#refuse(vm, `UFFDIO_ZEROPAGE: errno ${errno}`);
      return;
    }
    if (errno === EEXIST) this.#resolver.wake(vm.userfaultfd, address, PAGE_BYTES);
    vm.map.place(ppn, mpn);
    vm.faults++;
    this.faults++;
    if (!this.#resolver.isWrite(index)) vm.readFaults++;
  }

  #refuse(vm: PagedVm, reason: string): void {
    this.refused++;
    this.report(vm, reason);
  }
}
