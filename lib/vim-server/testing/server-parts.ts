import { loadVimSchema, ManagedObjectReference } from '../../vim/index.js';
import { matchesEvent } from '../event/event-filter.js';
import { EventManager, type EventPlaces } from '../event/event-manager.js';
import { MemoryHistoryStore } from '../history/history-store.js';
import type { ObjectRegistry } from '../object/object-registry.js';
import { VimFault, vimFault } from '../object/vim-fault.js';

/** A world in which every machine is on one host. */
export const placesForTest: EventPlaces = {
  home: () => ({ ref: new ManagedObjectReference('HostSystem', 'host'), name: 'host' }),
  placeOf: ({ ref, name }) => (ref.type === 'VirtualMachine' ? { vm: { name, vm: ref } } : {}),
  containersOf: ref => (ref.type === 'VirtualMachine' ? ['host', 'root'] : ['root']),
};

/** An event manager that keeps what it is told in memory. */
export function eventsForTest(registry: ObjectRegistry): { events: EventManager; places: EventPlaces } {
  const store = new MemoryHistoryStore({ matches: matchesEvent, maxRecords: 100 });
  const places = placesForTest;
  return {
    places,
    events: new EventManager('eventmgr', { schema: loadVimSchema(), registry, places, store }),
  };
}

export function faultForTest(error: unknown): VimFault {
  return error instanceof VimFault
    ? error
    : vimFault('SystemError', { reason: String(error) }, String(error));
}
