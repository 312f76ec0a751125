import {
  type Event,
  type EventFilterSpec,
  ManagedObjectReference,
  type TaskInfo,
  typeNameOf,
  type VimSchema,
} from '../../vim/index.js';
import { maxCollectors, requireCollectorQuota } from '../history/collector-quota.js';
import { type HistorySource, maxPageSize } from '../history/history-collector.js';
import { newestPlace } from '../history/history-store.js';
import { isReadable, readPage } from '../history/read-page.js';
import { shortened } from '../history/shortened.js';
import {
  type CallContext,
  defineClass,
  type ManagedObject,
  type ObjectClass,
} from '../object/managed-object.js';
import type { ObjectRegistry } from '../object/object-registry.js';
import { invalidArgument, managedObjectNotFound, vimFault } from '../object/vim-fault.js';
import type { Session } from '../session/session.js';
import { sessionOf } from '../session/session-of.js';
import type { EventCause, EventEntity, EventFields, EventTypeName } from './event-cause.js';
import { eventArguments, eventDescription } from './event-description.js';
import {
  type EventCondition,
  type EventRecord,
  type EventStore,
  eventCondition,
  matchesEvent,
} from './event-filter.js';
import { EventHistoryCollector, withoutText } from './event-history-collector.js';
import { formatMessage } from './event-messages.js';

/** The arguments by which every event says where it happened. */
export type EventPlace = Pick<Event, 'datacenter' | 'computeResource' | 'host' | 'vm' | 'ds' | 'net'>;

/** The inventory's tree as events need it; for entities, too, that are not in it any more. */
export interface EventPlaces {
  /** What an event is about that names nothing: the host itself, or VirtualCenter's root folder. */
  home(): EventEntity;
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
  #latest: EventRecord | undefined;

  constructor(moid: string, dependencies: EventManagerDependencies) {
    this.ref = new ManagedObjectReference('EventManager', moid);
    this.dependencies = dependencies;
    this.#latest = dependencies.store.read({}, { direction: 'older', from: newestPlace, maxCount: 1 })[0];
  }

  get latestEvent(): Event | undefined {
    return this.#latest?.value;
  }

  /** The latest event, if the session's user may read what it is about. */
  latestEventFor(session: Session | undefined): Event | undefined {
    const latest = this.#latest;
    return latest !== undefined && session !== undefined && isReadable(session, latest)
      ? latest.value
      : undefined;
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
    /** With fullFormattedMessage where the text is not made of the fields alone. */
    fields: { readonly _type: string; readonly [field: string]: unknown },
    cause: EventCause,
  ): Event {
    const { places, store, registry } = this.dependencies;
    const entity = cause.entity ?? places.home();
    const common = {
      key,
      chainId: cause.chainId ?? key,
      createdTime: new Date(),
      userName: cause.userName ?? '',
    };
    const event: Event = { ...places.placeOf(entity), ...shortened(fields), ...common };
    const text = fields.fullFormattedMessage ?? formatMessage(fields._type, event);
    const told = { ...event, fullFormattedMessage: String(text) };
    const containers = places.containersOf(entity.ref);
    const record = { number: key, value: told, subject: entity.ref.value, containers };
    store.put(record);
    this.#latest = record;
    registry.changed(this, 'latestEvent');
    for (const listener of [...this.#listeners]) listener(record);
    return told;
  }

  /** @throws VimFault InvalidState when the session has as many as it may */
  createCollector(filter: EventFilterSpec, call: CallContext): ManagedObjectReference {
    const session = sessionOf(call);
    requireCollectorQuota(session, object => object instanceof EventHistoryCollector);
    const { store, schema } = this.dependencies;
    const source: HistorySource<Event, EventCondition> & { schema: VimSchema } = {
      store,
      schema,
      matches: matchesEvent,
      listen: listener => this.onEvent(listener),
    };
    const collector = new EventHistoryCollector(filter, session, source);
    session.own(collector);
    return collector.ref;
  }

  /** The newest that match, as many as a page can have, the oldest first. */
  query(filter: EventFilterSpec, call: CallContext): Event[] {
    const source = { store: this.dependencies.store, session: sessionOf(call) };
    const { schema } = this.dependencies;
    const page = { direction: 'older', from: newestPlace, maxCount: maxPageSize } as const;
    const events = readPage(source, eventCondition(schema, filter), page).map(record => record.value);
    return (filter.disableFullMessage === true ? events.map(withoutText) : events).reverse();
  }

  /** @throws VimFault ManagedObjectNotFound; InvalidArgument when it is no entity */
  logUserEvent(ref: ManagedObjectReference, message: string, call: CallContext): void {
    const session = sessionOf(call);
    const object = session.find(ref.value);
    if (object === undefined) throw managedObjectNotFound(ref);
    const isEntity = this.dependencies.schema.isA(object.objectClass.typeName, 'ManagedEntity');
    if (!isEntity || !('name' in object)) throw invalidArgument('entity');
    const entity = { ref: object.ref, name: String(object.name) };
    const fields = { message, entity: { entity: entity.ref, name: entity.name } };
    this.post('GeneralUserEvent', fields, { entity, userName: session.userName });
  }

  /**
   * A client's own event. The types that the server posts are its own: a client cannot claim them.
   * @throws VimFault InvalidEvent
   */
  postForClient(posted: Event, task: TaskInfo | undefined, call: CallContext): void {
    const event = shortened(posted);
    const type = typeNameOf(event);
    if (type !== 'EventEx' && type !== 'ExtendedEvent') {
      throw vimFault(
        'InvalidEvent',
        {},
        'Clients can post events of the types EventEx and ExtendedEvent only.',
      );
    }
    const { vm, host } = event;
    const entity = entityOf(vm?.vm, vm?.name) ?? entityOf(host?.host, host?.name);
    const cause = { entity, userName: sessionOf(call).userName, chainId: task?.eventChainId };
    this.postNumbered(this.takeKey(), { ...event, _type: type }, cause);
  }

  /** @returns ends the listening */
  onEvent(listener: EventListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }
}

function entityOf(ref: ManagedObjectReference | undefined, name = ''): EventEntity | undefined {
  return ref === undefined ? undefined : { ref, name };
}

export const eventManagerClass = defineClass<'EventManager', EventManager>('EventManager', {
  properties: {
    latestEvent: (manager, { session }) => manager.latestEventFor(session),
    maxCollector: () => maxCollectors,
    description: ({ dependencies }, { version }) => eventDescription(dependencies.schema, version),
  },
  methods: {
    CreateCollectorForEvents: (manager, { filter }, call) => manager.createCollector(filter, call),
    QueryEvents: (manager, { filter }, call) => manager.query(filter, call),
    LogUserEvent: (manager, { entity, msg }, call) => manager.logUserEvent(entity, msg, call),
    PostEvent: (manager, args, call) => manager.postForClient(args.eventToPost, args.taskInfo, call),
    RetrieveArgumentDescription: ({ dependencies }, { eventTypeId }) =>
      eventArguments(dependencies.schema, eventTypeId),
  },
});
