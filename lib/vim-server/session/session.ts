import { randomBytes } from 'node:crypto';
import type {
  ApiVersion,
  ManagedObjectReference,
  ManagedTypes,
  UserSession,
  VimSchema,
} from '../../vim/index.js';
import type { ManagedObject } from '../object/managed-object.js';
import type { ObjectRegistry } from '../object/object-registry.js';
import { managedObjectNotFound, notAuthenticated, vimFault } from '../object/vim-fault.js';
import { PropertyCollector } from '../property/property-collector.js';
import type { SelectionScope } from '../property/selection.js';

/** What may be read before a login, as the objects that say who the server is. */
const anonymousTypes: ReadonlySet<keyof ManagedTypes> = new Set(['ServiceInstance', 'SessionManager']);

/** Views, filters and collectors that one session may hold. */
const maxOwned = 4096;

export interface SessionPeer {
  readonly remoteAddress: string;
  readonly userAgent: string;
}

export interface SessionEnvironment {
  readonly schema: VimSchema;
  readonly registry: ObjectRegistry;
  /** moid of the collector that every session has. */
  readonly collectorMoid: string;
}

/** A client's session, or the one in which all calls are that come without a login. */
export class Session {
  readonly key = newKey();
  readonly registry: ObjectRegistry;
  /** Undefined: nobody is logged in. */
  readonly userName: string | undefined;
  readonly loginTime = new Date();
  readonly #environment: SessionEnvironment;
  readonly #peer: SessionPeer;
  readonly #owned = new Map<string, ManagedObject & { destroy?(): void }>();
  #lastActiveMs = Date.now();
  #held = 0;
  #callCount = 0;
  #isEnded = false;

  constructor(environment: SessionEnvironment, userName: string | undefined, peer: SessionPeer) {
    this.#environment = environment;
    this.registry = environment.registry;
    this.userName = userName;
    this.#peer = peer;
    this.own(new PropertyCollector(environment.collectorMoid, this, false));
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  get isAnonymous(): boolean {
    return this.userName === undefined;
  }

  touch(): void {
    this.#lastActiveMs = Date.now();
    this.#callCount += 1;
  }

  /** Keeps the session from becoming idle while a call waits. @returns ends it */
  hold(): () => void {
    this.#held += 1;
    return () => {
      this.#held -= 1;
      this.#lastActiveMs = Date.now();
    };
  }

  isIdle(sinceMs: number): boolean {
    return this.#held === 0 && this.#lastActiveMs < sinceMs;
  }

  info(): UserSession {
    const userName = this.userName ?? '';
    return {
      key: this.key,
      userName,
      fullName: userName,
      loginTime: this.loginTime,
      lastActiveTime: new Date(this.#lastActiveMs),
      locale: 'en',
      messageLocale: 'en',
      extensionSession: false,
      ipAddress: this.#peer.remoteAddress,
      userAgent: this.#peer.userAgent,
      callCount: this.#callCount,
    };
  }

  find(moid: string): ManagedObject | undefined {
    return this.#owned.get(moid) ?? this.registry.find(moid);
  }

  /** @throws VimFault NotAuthenticated without a login, ManagedObjectNotFound */
  findForRead(ref: ManagedObjectReference): ManagedObject {
    const object = this.find(ref.value);
    const isOpen = object !== undefined && anonymousTypes.has(object.objectClass.typeName);
    if (this.isAnonymous && !isOpen) throw notAuthenticated(ref, 'System.View');
    if (object === undefined) throw managedObjectNotFound(ref);
    return object;
  }

  /** What a property read of this session sees. */
  scope(version: ApiVersion): SelectionScope {
    return {
      schema: this.#environment.schema,
      context: { session: this, version },
      find: moid => {
        const object = this.find(moid);
        const isHidden =
          this.isAnonymous && object !== undefined && !anonymousTypes.has(object.objectClass.typeName);
        return isHidden ? undefined : object;
      },
    };
  }

  newMoid(type: string): string {
    return `session[${this.key}]${type}-${randomBytes(8).toString('hex')}`;
  }

  own(object: ManagedObject & { destroy?(): void }): void {
    if (this.#owned.size >= maxOwned) {
      throw vimFault(
        'SystemError',
        { reason: 'too many objects' },
        `A session has at most ${maxOwned} objects.`,
      );
    }
    this.#owned.set(object.ref.value, object);
  }

  /** Collectors, filters and views. */
  owned(): Iterable<ManagedObject> {
    return this.#owned.values();
  }

  disown(object: ManagedObject): void {
    if (this.#owned.delete(object.ref.value)) this.registry.remove(object);
  }

  createCollector(): ManagedObjectReference {
    const collector = new PropertyCollector(this.newMoid('PropertyCollector'), this, true);
    this.own(collector);
    return collector.ref;
  }

  /** Destroys what the session owns; calls that wait in it are cancelled. */
  end(): void {
    this.#isEnded = true;
    for (const object of [...this.#owned.values()]) object.destroy?.();
    this.#owned.clear();
  }
}

/** A key in the form of the product: a UUID that begins with 52. */
function newKey(): string {
  const hex = `52${randomBytes(15).toString('hex')}`;
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
