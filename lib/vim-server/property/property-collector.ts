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
import {
  invalidArgument,
  notAuthenticated,
  notSupported,
  requestCanceled,
  vimFault,
} from '../object/vim-fault.js';
import type { Session } from '../session/session.js';
import { PropertyFilter } from './property-filter.js';
import { objectLimit, RetrievalTokens, retrieveObjects } from './retrieval.js';
import { checkSpecSize } from './spec-limits.js';
import { UpdateWait } from './update-wait.js';

/** How long the filters of one collector are read in one go. */
const maxReadMs = 500;

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
  readonly #filters = new Set<PropertyFilter>();
  /** Filters that may have something to tell. */
  readonly #pending = new Set<PropertyFilter>();
  readonly #isCreated: boolean;
  #version = 0;
  #sent: SentUpdate | undefined;
  #wait: UpdateWait | undefined;

  constructor(moid: string, session: Session, isCreated: boolean) {
    this.ref = new ManagedObjectReference('PropertyCollector', moid);
    this.#session = session;
    this.#isCreated = isCreated;
  }

  get session(): Session {
    return this.#session;
  }

  filterRefs(): ManagedObjectReference[] {
    return [...this.#filters].map(filter => filter.ref);
  }

  createFilter(spec: PropertyFilterSpec, partialUpdates: boolean, call: CallContext): ManagedObjectReference {
    checkSpecSize([spec]);
    const moid = this.#session.newMoid('PropertyFilter');
    const filter = new PropertyFilter(
      { moid, spec, partialUpdates },
      {
        scope: this.#session.scope(call.version),
        registry: this.#session.registry,
        quota: this.#session.valueQuota,
        destroyed: one => this.#removeFilter(one),
        pending: one => this.#notePending(one),
      },
    );
    this.#filters.add(filter);
    try {
      this.#session.own(filter);
    } catch (error) {
      filter.destroy();
      throw error;
    }
    this.#session.registry.changed(this, 'filter');
    return filter.ref;
  }

  /** Only collectors that were created: a session keeps the one that it came with. */
  destroyCreated(): void {
    if (!this.#isCreated) throw notSupported();
    this.destroy();
  }

  destroy(): void {
    this.#wait?.cancel(this.#session.isEnded ? notAuthenticated(this.ref, 'System.View') : requestCanceled());
    for (const filter of [...this.#filters]) filter.destroy();
    this.#session.disown(this);
  }

  /** The session may see and read other things than before. */
  accessChanged(): void {
    for (const filter of this.#filters) filter.accessChanged();
  }

  cancelWait(): void {
    this.#wait?.cancel();
  }

  /**
   * What has changed since the version, or undefined. "" asks for everything.
   * @throws VimFault SystemError when there is something, and no room to remember that it was told
   */
  check(version: string, limit = Number.POSITIVE_INFINITY): UpdateSet | undefined {
    if (version !== '' && this.#sent?.base === version) return this.#sent.set;
    if (version === '') this.#restart();
    else if (version !== String(this.#version) || this.#version === 0) {
      throw vimFault('InvalidCollectorVersion', {}, `The version ${version} is not known.`);
    }
    const filterSet = this.#takeUpdates(limit);
    if (filterSet.length === 0) {
      if (this.#isStarved()) throw tooManyValues();
      return undefined;
    }
    this.#version += 1;
    const isTruncated = this.#pending.size > 0;
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
    for (const filter of this.#filters) {
      filter.restart();
      this.#pending.add(filter);
    }
  }

  /** What cannot be read in a short time is told by the next call: many filters must not keep everybody waiting. */
  #takeUpdates(limit: number): PropertyFilterUpdate[] {
    const filterSet: PropertyFilterUpdate[] = [];
    const untilMs = performance.now() + maxReadMs;
    for (const filter of this.#pending) {
      const room = limit - countUpdates(filterSet);
      if (room <= 0 || (filterSet.length > 0 && performance.now() > untilMs)) break;
      const update = filter.takeUpdates(room);
      if (update !== undefined) filterSet.push(update);
      if (!filter.hasPending) this.#pending.delete(filter);
    }
    return filterSet;
  }

  #isStarved(): boolean {
    for (const filter of this.#pending) if (filter.isStarved) return true;
    return false;
  }

  #notePending(filter: PropertyFilter): void {
    this.#pending.add(filter);
    this.#wait?.changed();
  }

  #removeFilter(filter: PropertyFilter): void {
    this.#filters.delete(filter);
    this.#pending.delete(filter);
    this.#session.disown(filter);
    this.#session.registry.changed(this, 'filter');
  }
}

function tooManyValues(): Error {
  const reason = 'too many values';
  return vimFault(
    'SystemError',
    { reason },
    'The filters of one user remember too many values: destroy some.',
  );
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

async function retrieveEx(
  collector: PropertyCollector,
  args: RetrieveArgs,
  call: CallContext,
): Promise<Methods['RetrievePropertiesEx']['returns']> {
  const limit = objectLimit(args.options.maxObjects, 'options.maxObjects');
  const objects = await retrieve(collector, args.specSet, call);
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
      DestroyPropertyCollector: collector => collector.destroyCreated(),
    },
  },
);
