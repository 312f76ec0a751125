/** Columns of a table; `least` <= `most` in every row. */
export interface Vessels {
  readonly weights: Float64Array;
  readonly least: Float64Array;
  readonly most: Float64Array;
  /** Scratch. */
  readonly settled: Uint8Array;
  readonly out: Float64Array;
}

const NONE = -1;
const EPSILON = 1e-12;

/**
 * Shares out a capacity: λ such that Σ clamp(λ·weight, least, most) = min(capacity, Σ most). Where even the `least` do
 * not fit, each gets the same part of its own. Exact; allocates nothing; every round settles at least one row.
 * @param first the first row of a list linked by `next`, -1 at its end
 */
export function pour(first: number, next: Int32Array, capacity: number, v: Vessels): void {
  let least = 0;
  let most = 0;
  for (let i = first; i !== NONE; i = next[i] ?? NONE) {
    v.settled[i] = 0;
    least += v.least[i] ?? 0;
    most += v.most[i] ?? 0;
  }
  if (least > capacity) shrink(first, next, capacity / least, v);
  else if (most <= capacity) fill(first, next, v);
  else while (!level(first, next, capacity, v));
}

function shrink(first: number, next: Int32Array, part: number, v: Vessels): void {
  for (let i = first; i !== NONE; i = next[i] ?? NONE) v.out[i] = (v.least[i] ?? 0) * Math.max(part, 0);
}

function fill(first: number, next: Int32Array, v: Vessels): void {
  for (let i = first; i !== NONE; i = next[i] ?? NONE) v.out[i] = v.most[i] ?? 0;
}

/** One round: settles who would get less than its least, or else who would get more than its most. */
function level(first: number, next: Int32Array, capacity: number, v: Vessels): boolean {
  let rest = capacity;
  let weights = 0;
  for (let i = first; i !== NONE; i = next[i] ?? NONE) {
    if (v.settled[i] === 1) rest -= v.out[i] ?? 0;
    else weights += v.weights[i] ?? 0;
  }
  const lambda = weights > 0 ? Math.max(rest, 0) / weights : 0;
  let beyond = 0;
  for (let i = first; i !== NONE; i = next[i] ?? NONE) {
    if (v.settled[i] === 1) continue;
    const fair = lambda * (v.weights[i] ?? 0);
    const got = Math.min(Math.max(fair, v.least[i] ?? 0), v.most[i] ?? 0);
    v.out[i] = got;
    beyond += got - fair;
  }
  if (Math.abs(beyond) < EPSILON) return true;
  let open = 0;
  for (let i = first; i !== NONE; i = next[i] ?? NONE) {
    if (v.settled[i] === 1) continue;
    const got = v.out[i] ?? 0;
    const fair = lambda * (v.weights[i] ?? 0);
    if (beyond > 0 ? got > fair : got < fair) v.settled[i] = 1;
    else open++;
  }
  return open === 0;
}
