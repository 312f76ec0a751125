import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { nestedPools, Reconfiguration } from '../test/harness/index.js';
import { checkHost } from '../tools/esx/check/index.js';
import { Images } from './images.js';
import { KernelHost } from './kernel-host.js';
import type { BenchContext, Benchmark, Measured } from './result.js';

const SECONDS = 600;
const QUICK_SECONDS = 30;
const FULL_SECONDS = 3600;
const SEED = 35;

/**
 * A host under random reconfiguration of shares, reservations, limits, affinity, pools and power, with everything that
 * must always be true looked at all the time; the test suite does it for a minute.
 */
export const reconfiguration: Benchmark = {
  name: 'reconfiguration',
  about: 'ten minutes (--full: an hour) of random reconfiguration with ./esx check looking on',
  targets: [{ figure: 'reconfiguration_violations', atMost: 0 }],
  run,
};

async function run(context: BenchContext): Promise<Measured> {
  const folder = join(context.folder, 'reconfiguration');
  mkdirSync(folder);
  const images = await Images.build(['asm-spinner', 'asm-idler'], join(folder, 'images'), context.note);
  const host = await KernelHost.start({ context, folder, images });
  try {
    const vms = [];
    for (const guest of ['asm-spinner', 'asm-spinner', 'asm-spinner', 'asm-idler'] as const) {
      const vmxPath = await host.place(guest, `vm${vms.length}`);
      await host.powerOn(vmxPath);
      vms.push(vmxPath);
    }
    return await reconfigured(context, host, vms);
  } finally {
    await host.stop();
    rmSync(folder, { recursive: true });
  }
}

async function reconfigured(
  context: BenchContext,
  host: KernelHost,
  vms: readonly string[],
): Promise<Measured> {
  const { client, shmDir, statistics } = host;
  const { hostControl } = statistics.host;
  const moves = new Reconfiguration(
    {
      kernel: client,
      vms,
      powerOn: vmxPath => client.call('powerOn', { vmxPath }),
      pools: await nestedPools(client),
      mhz: hostControl.pcpuMhz(),
      pcpus: hostControl.pcpuCount(),
    },
    SEED,
  );
  const stop = new AbortController();
  const changing = moves.run(stop.signal);
  const seconds = context.quick ? QUICK_SECONDS : context.full ? FULL_SECONDS : SECONDS;
  const { judged, violations } = await checkHost({ shmDir, seconds, pidOf: pid => pid }).finally(() =>
    stop.abort(),
  );
  await changing;
  for (const text of moves.unexpected) context.note(`refused for no good reason: ${text}`);
  for (const { rule, who, what } of violations) context.note(`${rule}: ${who}: ${what}`);
  return {
    figures: {
      reconfiguration_changes: moves.done,
      reconfiguration_violations: violations.length + moves.unexpected.length,
    },
    rows: [{ seconds, changes: moves.done, judged, violations: violations.length }],
  };
}
