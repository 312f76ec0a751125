import type { ManagedObjectReference } from '../../../lib/vim/index.js';
import type { EventEntity, EventPlace, EventPlaces } from '../../../lib/vim-server/index.js';
import { moids } from './moids.js';

const aboveHostFolder = [moids.datacenter, moids.rootFolder];
const aboveHost = [moids.computeResource, moids.hostFolder, ...aboveHostFolder];

/**
 * Where things are on a host. But for pools it follows from the type alone, so that it is known of a machine that is
 * gone, too: every machine is in the one folder and on the one host.
 */
export class HostPlaces implements EventPlaces {
  readonly #hostName: () => string;
  readonly #poolsAbove: (entity: ManagedObjectReference) => readonly ManagedObjectReference[];

  /** @param poolsAbove the pools that a machine or a pool is in; none of what is gone */
  constructor(
    hostName: () => string,
    poolsAbove: (entity: ManagedObjectReference) => readonly ManagedObjectReference[],
  ) {
    this.#hostName = hostName;
    this.#poolsAbove = poolsAbove;
  }

  home(): EventEntity {
    return { ref: moids.host, name: this.#hostName() };
  }

  placeOf({ ref, name }: EventEntity): EventPlace {
    const hostName = this.#hostName();
    const place = {
      datacenter: { name: moids.datacenter.value, datacenter: moids.datacenter },
      computeResource: { name: hostName, computeResource: moids.computeResource },
      host: { name: hostName, host: moids.host },
    };
    if (ref.type === 'VirtualMachine') return { ...place, vm: { name, vm: ref } };
    if (ref.type === 'Datastore') return { ...place, ds: { name, datastore: ref } };
    if (ref.type === 'Network') return { ...place, net: { name, network: ref } };
    return place;
  }

  containersOf(entity: ManagedObjectReference): string[] {
    const isInPool = entity.type === 'VirtualMachine' || entity.type === 'ResourcePool';
    const pools = isInPool ? this.#poolsAbove(entity) : [];
    const found = [...containers(entity), ...pools].map(container => container.value);
    return [...new Set(found)];
  }
}

function containers({ type, value }: ManagedObjectReference): ManagedObjectReference[] {
  switch (type) {
    case 'VirtualMachine':
      return [moids.vmFolder, moids.rootPool, moids.host, ...aboveHost];
    case 'HostSystem':
      return aboveHost;
    case 'ResourcePool':
      return value === moids.rootPool.value ? aboveHost : [moids.rootPool, ...aboveHost];
    case 'ComputeResource':
      return [moids.hostFolder, ...aboveHostFolder];
    case 'Datastore':
      return [moids.datastoreFolder, ...aboveHostFolder];
    case 'Network':
      return [moids.networkFolder, ...aboveHostFolder];
    case 'Folder':
      return value === moids.rootFolder.value ? [] : aboveHostFolder;
    case 'Datacenter':
      return [moids.rootFolder];
    default:
      return [];
  }
}
