import { emptySchedControlFigures, type SchedControlFigures } from '../../kernel/abi/index.js';
import type { KernelHost } from '../kernel-host.js';

/** The scheduler publishes its figures twice a second. */
export const PUBLISH_MS = 600;

export function schedulerFigures(host: KernelHost): SchedControlFigures {
  const figures = emptySchedControlFigures();
  if (!host.statistics.sched.schedControl.read(figures)) throw new Error('stale figures of the scheduler');
  return figures;
}
