import type { VirtualMachineSnapshotInfo, VirtualMachineSnapshotTree } from '../../lib/vim/index.js';

/** The tree, children below and right of their parent, as scripts read it. */
export function snapshotText(info: VirtualMachineSnapshotInfo | undefined): string {
  return (info?.rootSnapshotList ?? []).map(root => branch(root, '|-ROOT', '')).join('');
}

function branch(node: VirtualMachineSnapshotTree, head: string, indent: string): string {
  const rows = {
    'Snapshot Name': node.name,
    'Snapshot Desciption': node.description,
    'Snapshot Created On': node.createTime.toISOString(),
    'Snapshot State': node.state,
  };
  const lines = Object.entries(rows).map(([key, value]) => `${indent}--${key.padEnd(20)}: ${value}\n`);
  const children = (node.childSnapshotList ?? []).map(child => branch(child, '|-CHILD', `${indent}--`));
  return `${indent}${head}\n${lines.join('')}${children.join('')}`;
}
