import type { FigureTables } from './figure-tables.js';
import {
  type CounterGroup,
  counterAt,
  type Meter,
  type PerfCounter,
  type PerfEntity,
} from './perf-counter.js';

const uptime = counterAt(
  'sys',
  0,
  {
    name: 'uptime',
    unit: 'second',
    stats: 'absolute',
    label: 'Uptime',
    summary: 'Time since it was started',
  },
  { rollup: 'latest', level: 1 },
);

export const allSysCounters: readonly PerfCounter[] = [uptime];

/** How long hosts and machines run. The heartbeat is the guest's, of which nothing is heard. */
export class SysCounters implements CounterGroup {
  readonly #tables: FigureTables;

  constructor(tables: FigureTables) {
    this.#tables = tables;
  }

  meter({ kind, id }: PerfEntity): Meter | undefined {
    if (kind === 'pool') return undefined;
    const { hostControl } = this.#tables.sources.host;
    const sinceUs = (): number | undefined =>
      kind === 'host' ? hostControl.bootTimeUs() : this.#tables.vm(id)?.poweredOnUs;
    return {
      look: () => undefined,
      settle: tell => {
        const nowUs = this.#tables.pcpu(0)?.takenUs;
        const fromUs = sinceUs();
        if (nowUs !== undefined && fromUs !== undefined && nowUs >= fromUs)
          tell(uptime, '', Math.floor((nowUs - fromUs) / 1e6));
      },
    };
  }
}
