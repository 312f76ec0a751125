import { type Address, FaultResolver, PAGE_BYTES } from '../../lib/linux/index.js';
import { type FrameTable, type Mpn, PageMap, type Ppn } from './frame-table.js';

const EEXIST = 17;
const ESRCH = 3;
const ENOENT = 2;

/**
 * Holes around a fault are filled with it: a fault costs the guest some 100 µs, a zeroed page less than one. More pages
 * would be filled that nobody ever touches; docs/benchmarks.md has the figures.
 */
const FAULT_AROUND_PAGES = 16;

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
    if (!this.#fill(vm, this.#holesAround(vm, ppn)) && !this.#fill(vm, { first: ppn, count: 1 })) return;
    vm.faults++;
    this.faults++;
    if (!this.#resolver.isWrite(index)) vm.readFaults++;
  }

  /** The run of holes about a page, within its aligned block. */
  #holesAround(vm: PagedVm, ppn: Ppn): { first: Ppn; count: number } {
    const block = ppn - (ppn % FAULT_AROUND_PAGES);
    const blockEnd = Math.min(block + FAULT_AROUND_PAGES, vm.sizePages);
    let first: number = ppn;
    let end = ppn + 1;
    while (first > block && vm.map.isHole((first - 1) as Ppn)) first--;
    while (end < blockEnd && vm.map.isHole(end as Ppn)) end++;
    return { first: first as Ppn, count: end - first };
  }

  /**
   * Fills a run of holes. @returns whether all of it is there; a run of one page that cannot be filled is refused, of a
   * longer one what was filled stays
   */
  #fill(vm: PagedVm, { first, count }: { first: Ppn; count: number }): boolean {
    const frames: Mpn[] = [];
    while (frames.length < count) {
      const mpn = this.frames.take(vm.vmRow, (first + frames.length) as Ppn);
      if (mpn === null) break;
      frames.push(mpn);
    }
    const address = vm.address + first * PAGE_BYTES;
    const lacking = frames.length < count;
    const errno = lacking ? 0 : this.#resolver.zero(vm.userfaultfd, address, count * PAGE_BYTES);
    const present = lacking ? 0 : this.#present(errno, count);
    for (const [i, mpn] of frames.entries()) {
      if (i < present) vm.map.place((first + i) as Ppn, mpn);
      else this.frames.give(mpn);
    }
    if (present === count) {
      if (errno === EEXIST) this.#resolver.wake(vm.userfaultfd, address, PAGE_BYTES);
      return true;
    }
    if (count === 1 && lacking) this.#refuse(vm, 'no machine frame is free');
    // Its process is going away: nobody waits for this page any more.
    else if (count === 1 && errno !== ESRCH && errno !== ENOENT)
      this.#refuse(vm, `UFFDIO_ZEROPAGE: errno ${errno}`);
    return false;
  }

  /** How many pages of a run are there after the call. */
  #present(errno: number, count: number): number {
    if (errno === 0) return count;
    // A single page that somebody else has put there is as good as filled.
    if (errno === EEXIST && count === 1) return 1;
    return Math.max(0, this.#resolver.zeroedBytes) / PAGE_BYTES;
  }

  #refuse(vm: PagedVm, reason: string): void {
    this.refused++;
    this.report(vm, reason);
  }
}
