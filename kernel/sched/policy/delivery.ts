import type { Entity, Pcpu } from './entity.js';
import type { DispatchPort } from './hooks.js';

/** A PCPU that delivers this much less than another one is slow. */
const SLOW_MARGIN = 0.05;
/** A granted entity that used less than this part of its grant, and made no progress, is stalled. */
const STALLED_PART = 0.005;
const SHORTEST_MEASURE_US = 2000;
const SMOOTHING = 0.1;

/** What PCPUs deliver of the time they are granted for, and who uses nothing of it. */
export class Delivery<T> {
  constructor(
    private readonly pcpus: readonly Pcpu<T>[],
    private readonly port: DispatchPort<T>,
    private readonly options: { readonly quantumUs: number },
  ) {}

  /** PCPUs that VMs can have. */
  get capacity(): number {
    let capacity = 0;
    for (const pcpu of this.pcpus) capacity += pcpu.delivered;
    return capacity;
  }

  isSlower(slow: Pcpu<T>, fast: Pcpu<T>): boolean {
    return fast.delivered > slow.delivered + SLOW_MARGIN;
  }

  /** A grant begins. */
  begin(pcpu: Pcpu<T>, run: Entity<T>, nowUs: number): void {
    pcpu.measuredUs = 0;
    pcpu.measuredAtUs = nowUs;
    pcpu.restedUs = run.restedUs;
    run.grantProgress = run.progress;
  }

  /** A grant was used to its end: smooths what the PCPU delivers, and begins anew. */
  end(pcpu: Pcpu<T>, run: Entity<T>, nowUs: number): void {
    const granted = nowUs - pcpu.measuredAtUs - (run.restedUs - pcpu.restedUs);
    if (granted > SHORTEST_MEASURE_US && !run.resting)
      pcpu.delivered += SMOOTHING * (Math.min(1, pcpu.measuredUs / granted) - pcpu.delivered);
    this.begin(pcpu, run, nowUs);
  }

  /** Who used nothing of a grant, by a thread that is stopped or blocked. */
  stands(pcpu: Pcpu<T>, run: Entity<T>, nowUs: number): boolean {
    const granted = nowUs - pcpu.measuredAtUs;
    if (granted < this.options.quantumUs / 2 || run.resting) return false;
    const idle = pcpu.measuredUs < granted * STALLED_PART && run.progress === run.grantProgress;
    return idle && this.port.isBlocked(run);
  }
}
