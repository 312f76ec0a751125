import {
  ManagedObjectReference,
  type Methods,
  type PropertyFilterSpec,
  type PropertyFilterUpdate,
  type UpdateSet,
  type WaitOptions,
} from '../../vim/index.js';
import {
  type CallContext,
  defineClass,
  type ManagedObject,
  type ObjectClass,
} from '../object/managed-object.js';
import type { ObjectChange } from '../object/object-registry.js';
import { invalidArgument, requestCanceled, vimFault } from '../object/vim-fault.js';
import type { Session } from '../session/session.js';
import { PropertyFilter } from './property-filter.js';
import { objectLimit, RetrievalTokens, retrieveObjects } from './retrieval.js';
import { UpdateWait } from './update-wait.js';

interface SentUpdate {
  /** The version that the client showed to get it. */
  readonly base: string;
  readonly set: UpdateSet;
}

/** Filters of one client and the versions by which it follows them. A session has one, and more on request. */
export class PropertyCollector implements ManagedObject {
  readonly ref: ManagedObjectReference;
  readonly objectClass: ObjectClass = propertyCollectorClass;
  readonly tokens = new RetrievalTokens();
  readonly #session: Session;
  readonly #filters: PropertyFilter[] = [];
  readonly #stopListening: () => void;
  #version = 0;
  #sent: SentUpdate | undefined;
  #wait: UpdateWait | undefined;

  constructor(moid: string, session: Session) {
    this.ref = new ManagedObjectReference('PropertyCollector', moid);
    this.#session = session;
    this.#stopListening = session.registry.onChange(change => this.#note(change));
  }

  get session(): Session {
    return this.#session;
  }

  filterRefs(): ManagedObjectReference[] {
    return this.#filters.map(filter => filter.ref);
  }

  createFilter(spec: PropertyFilterSpec, partialUpdates: boolean, call: CallContext): ManagedObjectReference {
    const moid = this.#session.newMoid('PropertyFilter');
    const scope = this.#session.scope(call.version);
    const destroy = (filter: PropertyFilter): void => this.#removeFilter(filter);
    const filter = new PropertyFilter({ moid, spec, partialUpdates }, { scope, destroy });
    this.#session.own(filter);
    this.#filters.push(filter);
    this.#wait?.changed();
    return filter.ref;
  }

  destroy(): void {
    this.#stopListening();
    this.#wait?.cancel();
    for (const filter of [...this.#filters]) filter.destroy();
    this.#session.disown(this);
  }

  cancelWait(): void {
    this.#wait?.cancel();
  }

  /** What has changed since the version, or undefined. "" asks for everything. */
  check(version: string, limit = Number.POSITIVE_INFINITY): UpdateSet | undefined {
    if (version !== '' && this.#sent?.base === version) return this.#sent.set;
    if (version === '') this.#restart();
    else if (version !== String(this.#version) || this.#version === 0) {
      throw vimFault('InvalidCollectorVersion', {}, `The version ${version} is not known.`);
    }
    const filterSet = this.#takeUpdates(limit);
    if (filterSet.length === 0) return undefined;
    this.#version += 1;
    const isTruncated = countUpdates(filterSet) >= limit && this.#hasMore();
    const set = { version: String(this.#version), filterSet, ...(isTruncated ? { truncated: true } : {}) };
    this.#sent = { base: version, set };
    return set;
  }

  /** Waits until there is something to tell; undefined when the options' time is over before. */
  async wait(version: string, options: WaitOptions, call: CallContext): Promise<UpdateSet | undefined> {
    const limit = objectLimit(options.maxObjectUpdates, 'options.maxObjectUpdates');
    const deadlineMs = deadline(options.maxWaitSeconds);
    this.#wait?.cancel();
    const wait = new UpdateWait(call.signal);
    this.#wait = wait;
    const release = this.#session.hold();
    try {
      for (let first = true; ; first = false) {
        const set = this.check(first ? version : this.#sinceVersion(version), limit);
        if (set !== undefined) return set;
        if ((await wait.next(deadlineMs)) === 'timeout') return undefined;
        await settleBurst();
      }
    } finally {
      release();
      if (this.#wait === wait) this.#wait = undefined;
    }
  }

  /** After a full state that was empty, waiting goes on from there and not from the beginning. */
  #sinceVersion(version: string): string {
    if (version !== '') return version;
    this.#version += this.#version === 0 ? 1 : 0;
    return String(this.#version);
  }

  #restart(): void {
    this.#sent = undefined;
    for (const filter of this.#filters) filter.restart();
  }

  #takeUpdates(limit: number): PropertyFilterUpdate[] {
    const filterSet: PropertyFilterUpdate[] = [];
    for (const filter of this.#filters) {
      const room = limit - countUpdates(filterSet);
      if (room <= 0) break;
      const objectSet = filter.takeUpdates(room);
      if (objectSet.length > 0) filterSet.push({ filter: filter.ref, objectSet });
    }
    return filterSet;
  }

  #hasMore(): boolean {
    return this.#filters.some(filter => filter.hasPending());
  }

  #note(change: ObjectChange): void {
    let concerns = false;
    for (const filter of this.#filters) if (filter.note(change)) concerns = true;
    if (concerns) this.#wait?.changed();
  }

  #removeFilter(filter: PropertyFilter): void {
    const index = this.#filters.indexOf(filter);
    if (index >= 0) this.#filters.splice(index, 1);
    this.#session.disown(filter);
  }
}

function countUpdates(filterSet: readonly PropertyFilterUpdate[]): number {
  return filterSet.reduce((sum, update) => sum + (update.objectSet?.length ?? 0), 0);
}

function deadline(maxWaitSeconds: number | undefined): number {
  if (maxWaitSeconds === undefined) return Number.POSITIVE_INFINITY;
  if (maxWaitSeconds < 0) throw invalidArgument('options.maxWaitSeconds');
  return Date.now() + maxWaitSeconds * 1000;
}

/** Lets the changes that come in one go be told in one reply. */
function settleBurst(): Promise<void> {
  return new Promise(resolve => {
    setImmediate(resolve);
  });
}

type RetrieveArgs = Methods['RetrievePropertiesEx']['args'];

function retrieveEx(
  collector: PropertyCollector,
  args: RetrieveArgs,
  call: CallContext,
): Methods['RetrievePropertiesEx']['returns'] {
  const limit = objectLimit(args.options.maxObjects, 'options.maxObjects');
  const objects = retrieve(collector, args.specSet, call);
  return objects.length === 0 ? undefined : collector.tokens.cut(objects, limit);
}

function retrieve(collector: PropertyCollector, specSet: readonly PropertyFilterSpec[], call: CallContext) {
  const { session } = collector;
  return retrieveObjects(session.scope(call.version), specSet, ref => session.findForRead(ref));
}

export const propertyCollectorClass = defineClass<'PropertyCollector', PropertyCollector>(
  'PropertyCollector',
  {
    properties: { filter: collector => collector.filterRefs() },
    methods: {
      RetrieveProperties: (collector, args, call) => retrieve(collector, args.specSet, call),
      RetrievePropertiesEx: retrieveEx,
      ContinueRetrievePropertiesEx: (collector, args) => collector.tokens.next(args.token),
      CancelRetrievePropertiesEx: (collector, args) => collector.tokens.cancel(args.token),
      CreateFilter: (collector, args, call) => collector.createFilter(args.spec, args.partialUpdates, call),
      CheckForUpdates: (collector, args) => collector.check(args.version ?? ''),
      WaitForUpdates: async (collector, args, call) => {
        const set = await collector.wait(args.version ?? '', {}, call);
        if (set === undefined) throw requestCanceled();
        return set;
      },
      WaitForUpdatesEx: (collector, args, call) =>
        collector.wait(args.version ?? '', args.options ?? {}, call),
      CancelWaitForUpdates: collector => collector.cancelWait(),
      CreatePropertyCollector: collector => collector.session.createCollector(),
      DestroyPropertyCollector: collector => collector.destroy(),
    },
  },
);
