import type {
  ResourceAllocationInfo,
  SharesInfo,
  VirtualMachineAffinityInfo,
  VirtualMachineConfigSpec,
} from '../../../../lib/vim/index.js';
import type { VmxDocument } from '../../../../lib/vmx/index.js';
import { affinitySet, speakOfMhz } from '../allocation.js';
import { hardware4 } from '../hardware4.js';
import type { SpecContext } from './spec-context.js';
import { invalidSpec } from './spec-fault.js';

/** Shares, reservations, limits and affinities. Called after memory has its size. */
export function applyAllocations(spec: VirtualMachineConfigSpec, { vmx, pcpuMhz }: SpecContext): void {
  if (spec.cpuAllocation !== undefined) speakOfMhz(vmx, pcpuMhz);
  if (spec.cpuAllocation !== undefined) applyAllocation(vmx, 'cpuAllocation', spec.cpuAllocation);
  if (spec.memoryAllocation !== undefined) applyAllocation(vmx, 'memoryAllocation', spec.memoryAllocation);
  const memoryMb = Number(vmx.get('memsize') ?? hardware4.memoryMb.default);
  const reservedMb = Number(vmx.get('sched.mem.min') ?? vmx.get('sched.mem.minsize') ?? 0);
  if (reservedMb > memoryMb) throw invalidSpec('memoryAllocation.reservation');
  applyAffinity(vmx, 'sched.cpu.affinity', 'cpuAffinity', spec.cpuAffinity);
  applyAffinity(vmx, 'sched.mem.affinity', 'memoryAffinity', spec.memoryAffinity);
  if (spec.cpuAffinity !== undefined || spec.numCPUs !== undefined) requireEnoughPcpus(vmx);
}

type AllocationProperty = 'cpuAllocation' | 'memoryAllocation';

function applyAllocation(vmx: VmxDocument, property: AllocationProperty, info: ResourceAllocationInfo): void {
  const prefix = property === 'cpuAllocation' ? 'sched.cpu' : 'sched.mem';
  if (info.expandableReservation === true) throw invalidSpec(`${property}.expandableReservation`);
  if (info.reservation !== undefined) {
    const reservation = Number(info.reservation);
    if (!isAmount(reservation)) throw invalidSpec(`${property}.reservation`);
    if (property === 'memoryAllocation') vmx.delete('sched.mem.minsize');
    vmx.set(`${prefix}.min`, reservation);
  }
  if (info.limit !== undefined) {
    const limit = Number(info.limit);
    if (limit !== -1 && !isAmount(limit)) throw invalidSpec(`${property}.limit`);
    if (limit === -1) vmx.delete(`${prefix}.max`);
    else vmx.set(`${prefix}.max`, limit);
  }
  const limit = Number(vmx.get(`${prefix}.max`) ?? Number.POSITIVE_INFINITY);
  if (limit < Number(vmx.get(`${prefix}.min`) ?? 0)) throw invalidSpec(`${property}.limit`);
  if (info.shares !== undefined) vmx.set(`${prefix}.shares`, sharesWord(property, info.shares));
}

/** MHz or MB of a reservation or limit. */
export function isAmount(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 999_999_999;
}

function sharesWord(property: string, { level, shares }: SharesInfo): string {
  if (level !== 'custom') return level;
  const { min, max } = hardware4.shares;
  if (shares < min || shares > max) throw invalidSpec(`${property}.shares`);
  return String(shares);
}

/** Each virtual CPU has a PCPU of its own: clients such as libvirt read no configuration that says otherwise. */
function requireEnoughPcpus(vmx: VmxDocument): void {
  const set = affinitySet(vmx.get('sched.cpu.affinity'));
  if (set !== undefined && set.length < Number(vmx.get('numvcpus') ?? 1))
    throw invalidSpec('cpuAffinity.affinitySet');
}

/** An empty set is every CPU or node. Whether the host has them is for power-on to say. */
function applyAffinity(
  vmx: VmxDocument,
  key: string,
  property: string,
  affinity: VirtualMachineAffinityInfo | undefined,
): void {
  if (affinity === undefined) return;
  const set = affinity.affinitySet ?? [];
  if (set.some(number => number < 0 || number > 1023)) throw invalidSpec(`${property}.affinitySet`);
  if (set.length === 0) vmx.delete(key);
  else vmx.set(key, [...new Set(set)].sort((a, b) => a - b).join(','));
}
