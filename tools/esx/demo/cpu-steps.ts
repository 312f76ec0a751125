/** What a VM is given of the CPUs. */
export interface CpuSetting {
  readonly shares: number;
  /** Parts of a PCPU. */
  readonly reservation: number;
  /** Parts of a PCPU; null: none. */
  readonly limit: number | null;
}

export const CPU_STEPS = ['shares', 'reservation', 'limit'] as const;
export type CpuStepName = (typeof CPU_STEPS)[number];

/** The two VMs of the demonstration: who has more shares, and who has fewer. */
export interface Pair<T> {
  readonly high: T;
  readonly low: T;
}

export interface CpuStep {
  readonly name: CpuStepName;
  readonly title: string;
  readonly settings: Pair<CpuSetting>;
}

const high: CpuSetting = { shares: 2000, reservation: 0, limit: null };
const low: CpuSetting = { shares: 1000, reservation: 0, limit: null };
const reserved: CpuSetting = { ...low, reservation: 0.5 };

/** Each step keeps what the one before it set. */
export const cpuSteps: readonly CpuStep[] = [
  {
    name: 'shares',
    title: 'Shares 2000 : 1000',
    settings: { high, low },
  },
  {
    name: 'reservation',
    title: 'demo-low reserves half of the PCPU, its shares stay',
    settings: { high, low: reserved },
  },
  {
    name: 'limit',
    title: 'demo-high is limited to a quarter of the PCPU',
    settings: { high: { ...high, limit: 0.25 }, low: reserved },
  },
];

/**
 * What two VMs that never rest get of one PCPU. @param available parts of it that nobody else uses
 * @returns parts of the PCPU
 */
export function expected({ high, low }: Pair<CpuSetting>, available: number): Pair<number> {
  const byShares = (available * high.shares) / (high.shares + low.shares);
  const bounded = (setting: CpuSetting, part: number): number =>
    Math.min(setting.limit ?? Number.POSITIVE_INFINITY, Math.max(setting.reservation, part));
  // What a bound gives to one or takes from it is the other's; the bounds of the steps never contradict each other.
  const forHigh = bounded(high, available - bounded(low, available - byShares));
  return { high: forHigh, low: Math.min(low.limit ?? Number.POSITIVE_INFINITY, available - forHigh) };
}
