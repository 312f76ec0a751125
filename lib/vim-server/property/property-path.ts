import { invalidProperty } from '../object/vim-fault.js';

/** One step of a path such as config.hardware.device[2000].backing: a field, then perhaps a member of it. */
export interface PathStep {
  readonly name: string;
  readonly key: string | number | undefined;
}

const step = /^([A-Za-z_][A-Za-z0-9_]*)(?:\[(?:"([^"]*)"|(-?\d{1,18}))\])?(?:\.|$)/;

/** @throws VimFault InvalidProperty naming the path */
export function parsePropertyPath(path: string): PathStep[] {
  const steps: PathStep[] = [];
  let rest = path;
  while (rest !== '') {
    const match = step.exec(rest);
    const isCutOff = match?.[0].endsWith('.') && match[0].length === rest.length;
    if (match === null || isCutOff) throw invalidProperty(path);
    const number = match[3] === undefined ? undefined : Number(match[3]);
    steps.push({ name: match[1] ?? '', key: match[2] ?? number });
    rest = rest.slice(match[0].length);
  }
  if (steps.length === 0) throw invalidProperty(path);
  return steps;
}

/** First-level property of a path. */
export function firstName(path: string): string {
  return /^[^.[]*/.exec(path)?.[0] ?? '';
}
