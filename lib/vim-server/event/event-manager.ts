import { type Event, ManagedObjectReference, type VimSchema } from '../../vim/index.js';
import { defineClass, type ManagedObject, type ObjectClass } from '../object/managed-object.js';
import type { ObjectRegistry } from '../object/object-registry.js';
import type { EventCause, EventEntity, EventFields, EventTypeName } from './event-cause.js';
import type { EventRecord, EventStore } from './event-filter.js';
import { formatMessage } from './event-messages.js';

/** The arguments by which every event says where it happened. */
export type EventPlace = Pick<Event, 'datacenter' | 'computeResource' | 'host' | 'vm' | 'ds' | 'net'>;

/** The inventory's tree as events need it; for entities, too, that are not in it any more. */
export interface EventPlaces {
  placeOf(entity: EventEntity): EventPlace;
  /** moids of what contains the entity, however far above. */
  containersOf(entity: ManagedObjectReference): string[];
}

export interface EventManagerDependencies {
  readonly schema: VimSchema;
  readonly registry: ObjectRegistry;
  readonly store: EventStore;
  readonly places: EventPlaces;
}

export type EventListener = (record: EventRecord) => void;

/** Posts events and keeps them, and tells who follows them. */
export class EventManager implements ManagedObject {
  readonly ref: ManagedObjectReference;
  readonly objectClass: ObjectClass = eventManagerClass;
  readonly dependencies: EventManagerDependencies;
  readonly #listeners = new Set<EventListener>();
  #latest: Event | undefined;

  constructor(moid: string, dependencies: EventManagerDependencies) {
    this.ref = new ManagedObjectReference('EventManager', moid);
    this.dependencies = dependencies;
  }

  get latestEvent(): Event | undefined {
    return this.#latest;
  }

  /**
   * Tells that something happened. Costs the same however much has happened before, and never fails.
   * @param fields what the type has beyond the fields of every event
   */
  post<N extends EventTypeName>(type: N, fields: EventFields<N>, cause: EventCause = {}): Event {
    return this.postNumbered(this.takeKey(), { ...fields, _type: type }, cause);
  }

  /** The key of an event that is posted next, for one that contains its own key. */
  takeKey(): number {
    return this.dependencies.store.takeNumber();
  }

  postNumbered(
    key: number,
    fields: { readonly _type: string; readonly [field: string]: unknown },
    cause: EventCause,
  ): Event {
    const { places, store, registry } = this.dependencies;
    const { entity } = cause;
    const common = {
      key,
      chainId: cause.chainId ?? key,
      createdTime: new Date(),
      userName: cause.userName ?? '',
    };
    const place = entity === undefined ? {} : places.placeOf(entity);
    const event: Event = { ...place, ...fields, ...common };
    const told = { ...event, fullFormattedMessage: formatMessage(fields._type, event) };
    const containers = entity === undefined ? [] : places.containersOf(entity.ref);
    const record = { number: key, value: told, subject: entity?.ref.value, containers };
    store.put(record);
    this.#latest = told;
    registry.changed(this, 'latestEvent');
    for (const listener of [...this.#listeners]) listener(record);
    return told;
  }

  /** @returns ends the listening */
  onEvent(listener: EventListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }
}

export const eventManagerClass = defineClass<'EventManager', EventManager>('EventManager', {
  properties: {
    latestEvent: manager => manager.latestEvent,
    maxCollector: () => 32,
  },
  methods: {},
});
