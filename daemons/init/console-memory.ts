import { consoleMemoryOf, EsxConf } from '../../lib/esxconf/index.js';
import { readBeneath } from '../../lib/linux/index.js';
import type { Logger } from '../../lib/log/index.js';

const MAX_BYTES = 1 << 20;

/** The console's memory size in the boot that begins, by its esx.conf; MB. */
export function readConsoleMemoryMb(consoleFolder: string, logger: Logger): number {
  const text = readBeneath(consoleFolder, 'etc/vmware/esx.conf', MAX_BYTES) ?? '';
  const { sizeMb, refused } = consoleMemoryOf(EsxConf.parse(text));
  if (refused !== undefined)
    logger.warn({ refused, sizeMb }, 'esx.conf: /boot/memSize is no size that the console can have');
  return sizeMb;
}
