import type { ResourceAllocationInfo, SharesInfo } from '../../../lib/vim/index.js';
import type { VmxDocument } from '../../../lib/vmx/index.js';

/**
 * CPU shares, reservation and limit in MHz. Normal is 1000 shares for each virtual CPU.
 * @param pcpuMhz of a PCPU: a file may speak of percent of one
 */
export function cpuAllocation(vmx: VmxDocument, vcpuCount: number, pcpuMhz: number): ResourceAllocationInfo {
  const told = allocation(vmx, 'sched.cpu', 1000 * vcpuCount);
  if (!speaksOfPercent(vmx)) return told;
  const limit = Number(told.limit);
  const reservation = percentMhz(Number(told.reservation), pcpuMhz);
  return { ...told, reservation, limit: limit === -1 ? -1 : percentMhz(limit, pcpuMhz) };
}

/** Makes a file that speaks of percent of a PCPU speak of MHz, so that a part of it can be changed. */
export function speakOfMhz(vmx: VmxDocument, pcpuMhz: number): void {
  const isPercent = speaksOfPercent(vmx);
  vmx.set('sched.cpu.units', 'mhz');
  for (const key of isPercent ? ['sched.cpu.min', 'sched.cpu.max'] : []) {
    const percent = positive(vmx.get(key));
    if (percent !== undefined) vmx.set(key, percentMhz(percent, pcpuMhz));
  }
}

function speaksOfPercent(vmx: VmxDocument): boolean {
  return vmx.get('sched.cpu.units')?.trim().toLowerCase() === 'percent';
}

/** As the VMkernel admits it. */
function percentMhz(percent: number, pcpuMhz: number): number {
  return Math.ceil((percent * pcpuMhz) / 100);
}

/** Memory shares, reservation and limit in MB. Normal is 10 shares for each MB. */
export function memoryAllocation(vmx: VmxDocument, memoryMb: number): ResourceAllocationInfo {
  return allocation(vmx, 'sched.mem', 10 * memoryMb);
}

/** CPUs or nodes of an affinity; undefined for `all`, and for what power-on will refuse. */
export function affinitySet(text: string | undefined): number[] | undefined {
  if (text === undefined || !/^\s*\d+(\s*,\s*\d+)*\s*$/.test(text)) return undefined;
  return text.split(',').map(Number);
}

function allocation(vmx: VmxDocument, prefix: string, normalShares: number): ResourceAllocationInfo {
  const minimum =
    prefix === 'sched.mem'
      ? (vmx.get('sched.mem.min') ?? vmx.get('sched.mem.minsize'))
      : vmx.get(`${prefix}.min`);
  return {
    reservation: positive(minimum) ?? 0,
    expandableReservation: false,
    limit: positive(vmx.get(`${prefix}.max`)) ?? -1,
    shares: sharesInfo(vmx.get(`${prefix}.shares`), normalShares),
  };
}

function positive(text: string | undefined): number | undefined {
  return text !== undefined && /^\s*\d{1,9}\s*$/.test(text) ? Number(text) : undefined;
}

function sharesInfo(text: string | undefined, normal: number): SharesInfo {
  const word = text?.trim().toLowerCase();
  if (word === 'low') return { shares: normal / 2, level: 'low' };
  if (word === 'high') return { shares: normal * 2, level: 'high' };
  const custom = positive(text);
  return custom === undefined ? { shares: normal, level: 'normal' } : { shares: custom, level: 'custom' };
}
