/** A reservation that may be met by some PCPUs only. */
export interface BoundReservation {
  readonly amount: number;
  readonly pcpus: readonly number[];
}

/**
 * How much of each reservation its PCPUs can meet, the earlier ones first: those that fit without the last still fit
 * with it, moved about where that makes room. Whole numbers of any one unit.
 *
 * A flow from reservations to PCPUs, augmented along paths that may take back what an earlier reservation was given.
 */
export function fitOnPcpus(reservations: readonly BoundReservation[], capacity: readonly number[]): number[] {
  const flow = new Flow(reservations, capacity);
  return reservations.map(({ amount }, row) => {
    let got = 0;
    for (let more = flow.push(row, amount); more > 0; more = flow.push(row, amount - got)) got += more;
    return got;
  });
}

/** A way from a reservation to a PCPU with room: over PCPUs whose present holders can go elsewhere. */
interface Step {
  readonly row: number;
  readonly pcpu: number;
  readonly before: Step | null;
}

class Flow {
  readonly #given: number[][];
  readonly #free: number[];

  constructor(
    private readonly reservations: readonly BoundReservation[],
    capacity: readonly number[],
  ) {
    this.#free = [...capacity];
    this.#given = reservations.map(() => capacity.map(() => 0));
  }

  /** Gives up to `amount` more to a reservation. @returns how much along one path; 0 when there is none */
  push(row: number, amount: number): number {
    if (amount <= 0) return 0;
    const path = this.#findPath(row);
    if (path === null) return 0;
    let most = Math.min(amount, this.#free[path.pcpu] ?? 0);
    for (let step = path; step.before !== null; step = step.before)
      most = Math.min(most, this.#holds(step.row, step.before.pcpu));
    this.#free[path.pcpu] = (this.#free[path.pcpu] ?? 0) - most;
    for (let step: Step | null = path; step !== null; step = step.before) {
      this.#add(step.row, step.pcpu, most);
      if (step.before !== null) this.#add(step.row, step.before.pcpu, -most);
    }
    return most;
  }

  /** The shortest one: every PCPU is looked at once. */
  #findPath(row: number): Step | null {
    const seen = new Set<number>();
    const queue: Step[] = [];
    const reach = (from: number, before: Step | null): void => {
      for (const pcpu of this.reservations[from]?.pcpus ?? []) {
        if (seen.has(pcpu)) continue;
        seen.add(pcpu);
        queue.push({ row: from, pcpu, before });
      }
    };
    reach(row, null);
    // The queue grows while it is walked.
    for (const step of queue) {
      if ((this.#free[step.pcpu] ?? 0) > 0) return step;
      for (let other = 0; other < this.reservations.length; other++)
        if (this.#holds(other, step.pcpu) > 0) reach(other, step);
    }
    return null;
  }

  #holds(row: number, pcpu: number): number {
    return this.#given[row]?.[pcpu] ?? 0;
  }

  #add(row: number, pcpu: number, amount: number): void {
    const given = this.#given[row];
    if (given !== undefined) given[pcpu] = (given[pcpu] ?? 0) + amount;
  }
}
