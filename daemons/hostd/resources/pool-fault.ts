import { ROOT_POOL_ID, VmkernelError } from '../../../kernel/abi/index.js';
import { invalidArgument, managedObjectNotFound, vimFault } from '../../../lib/vim-server/index.js';
import type { PoolTable } from '../inventory/pool-table.js';
import { poolReference } from '../mo/resource-pool.js';

/** What of a refused change of pools has a fault of its own; what else there is the fault of every VMkernel's error. */
export function poolFault(error: unknown, pools: PoolTable): unknown {
  if (!(error instanceof VmkernelError)) return error;
  const { poolId, parentId, name, argument } = error.details;
  switch (error.code) {
    case 'AlreadyExists':
      return duplicateName(String(name), Number(parentId ?? ROOT_POOL_ID), pools);
    case 'InvalidArgument':
      if (argument === 'name')
        return vimFault('InvalidName', { name: String(name ?? '').slice(0, 200) }, error.message);
      return invalidArgument(argument === 'pools' || argument === 'vms' ? 'list' : String(argument ?? ''));
    case 'NotFound':
      return typeof poolId === 'number' ? managedObjectNotFound(poolReference(poolId)) : error;
    default:
      return error;
  }
}

function duplicateName(name: string, parentId: number, pools: PoolTable): Error {
  const parent = pools.find(parentId) ?? pools.root;
  const object = (pools.children(parent).find(child => child.name === name) ?? parent).ref;
  return vimFault('DuplicateName', { name, object }, `The name '${name}' already exists.`);
}
