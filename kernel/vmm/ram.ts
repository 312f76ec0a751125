import {
  type Address,
  MAP_FIXED,
  MAP_NORESERVE,
  MAP_SHARED,
  mmap,
  PAGE_BYTES,
  PROT_READ,
  PROT_WRITE,
  UFFD_FEATURE_MISSING_SHMEM,
  UFFDIO_REGISTER_MODE_MISSING,
  userfaultfdOpen,
  userfaultfdRegister,
} from '../../lib/linux/index.js';

/**
 * A VM's RAM in this process: the VMkernel's memfd mapped over the range that the engine reserved, every page a hole
 * that the VMkernel's memory thread fills. Guest RAM is touched by loads and stores only: no system call ever gets
 * an address in it.
 */
export class GuestRam {
  private constructor(
    readonly address: Address,
    readonly sizeBytes: number,
    /** Stays open as long as the process: if every copy closes, holes would read as zero without a frame. */
    readonly userfaultfd: number,
  ) {}

  /**
   * Call right after the engine has reserved its range and before anything touches it.
   * @throws SystemError when Linux refuses the mapping or userfaultfd
   */
  static map(ramFd: number, address: Address, sizeBytes: number): GuestRam {
    if (address % PAGE_BYTES !== 0) throw new RangeError(`guest RAM at ${address} is not page aligned`);
    mmap(address, sizeBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED | MAP_NORESERVE, ramFd, 0);
    const userfaultfd = userfaultfdOpen(UFFD_FEATURE_MISSING_SHMEM);
    userfaultfdRegister(userfaultfd, address, sizeBytes, UFFDIO_REGISTER_MODE_MISSING);
    return new GuestRam(address, sizeBytes, userfaultfd);
  }
}
