import type { HostHyperThreadScheduleInfo } from '../../../../lib/vim/index.js';
import { defineClass, type ManagedObject, type ObjectClass } from '../../../../lib/vim-server/index.js';
import { moids } from '../moids.js';
import { cpuTopology, type HostFacts } from './host-facts.js';

/** How the VMkernel uses the processors: every logical one that it has is a PCPU. */
export class HostCpuSchedulerSystem implements ManagedObject {
  readonly ref = moids.cpuScheduler;
  readonly objectClass: ObjectClass = hostCpuSchedulerSystemClass;
  readonly facts: HostFacts;

  constructor(facts: HostFacts) {
    this.facts = facts;
  }
}

export function hyperThreadInfo(facts: HostFacts): HostHyperThreadScheduleInfo {
  const { threadCount, coreCount } = cpuTopology(facts);
  const active = threadCount > coreCount;
  return { _type: 'HostHyperThreadScheduleInfo', available: active, active, config: active };
}

export const hostCpuSchedulerSystemClass: ObjectClass = defineClass<
  'HostCpuSchedulerSystem',
  HostCpuSchedulerSystem
>('HostCpuSchedulerSystem', {
  properties: { hyperthreadInfo: ({ facts }) => hyperThreadInfo(facts) },
  methods: {},
});
