import type { Statistics } from '../../kernel/client/index.js';

const live = (generation: number): boolean => (generation & 1) === 1;

/** What lives in the tables of a host, without what always moves. */
export function describeTables({ host, memory }: Statistics): Record<string, unknown> {
  const rows = (count: number): number[] => Array.from({ length: count }, (_, row) => row);
  const { hostControl: control, world, group, vm } = host;
  return {
    worlds: rows(control.worldCount())
      .filter(row => live(world.generation(row)))
      .map(row => [row, world.worldId(row), world.name(row)]),
    groups: rows(control.groupCount())
      .filter(row => live(group.generation(row)))
      .map(row => [row, group.name(row), group.parentRow(row)]),
    vms: rows(control.vmCount()).filter(row => live(vm.generation(row))).length,
    guestPages: memory.memoryControl.guestPages(),
    overheadPages: memory.memoryControl.overheadPages(),
  };
}
