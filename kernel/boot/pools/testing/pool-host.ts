import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import type { ResourceAllocation } from '../../../abi/index.js';
import { ChangeFeed } from '../../change-feed.js';
import { EsxConfFile } from '../../esx-conf-file.js';
import { type Capacity, Pools, type PoolTree } from '../index.js';

/** The shares of an allocation that its level decides. */
export const FREE: ResourceAllocation = {
  reservation: 0,
  expandable: true,
  limit: null,
  shares: 0,
  level: 'normal',
};

/** Resource pools with an esx.conf of their own: two PCPUs of 2 GHz and 8000 MB for VMs. For tests. */
export class PoolHost {
  // In memory: every change is made durable, and tests make hundreds of them.
  readonly #root = mkdtempSync('/dev/shm/pools-test-');
  readonly folder = join(this.#root, 'console');
  readonly capacity: Capacity = { pcpuMhz: [1840, 2000], vcpuMhz: 2000, memoryMb: 8000 };
  maxVcpus = 128;
  readonly warnings: string[] = [];
  follow: (tree: PoolTree) => void = () => undefined;

  boot(): Pools {
    return new Pools({
      capacity: this.capacity,
      limits: { poweredOnVcpus: () => this.maxVcpus, checkPerVcpu: () => true },
      esxConf: this.esxConf(),
      feed: new ChangeFeed(),
      log: pino({ level: 'warn' }, { write: line => this.warnings.push(JSON.parse(line).msg) }),
      canonical: path => path,
      follow: tree => this.follow(tree),
    });
  }

  esxConf(): EsxConfFile {
    return new EsxConfFile(this.folder, () => undefined);
  }

  stop(): void {
    rmSync(this.#root, { recursive: true });
  }
}
