import { randomUUID } from 'node:crypto';
import type {
  ApiVersion,
  ManagedObjectReference,
  ManagedTypes,
  UserSession,
  VimSchema,
} from '../../vim/index.js';
import type { Access } from '../authorization/access.js';
import type { AccessControl, PermissionEntry } from '../authorization/access-control.js';
import type { PropertyPrivileges } from '../authorization/property-privileges.js';
import type { ManagedObject } from '../object/managed-object.js';
import type { ObjectRegistry } from '../object/object-registry.js';
import { managedObjectNotFound, noPermission, notAuthenticated, vimFault } from '../object/vim-fault.js';
import { PropertyCollector } from '../property/property-collector.js';
import type { SelectionScope } from '../property/selection.js';
import { ValueQuota } from '../property/value-quota.js';

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
  readonly access: AccessControl;
  readonly propertyPrivileges: PropertyPrivileges;
}

/** A client's session, or the one in which all calls are that come without a login. */
export class Session {
  /** Names the session; those who may list sessions see it. */
  readonly key = newKey();
  /** By which the client is known: nobody else ever sees it. */
  readonly cookie = newKey();
  readonly registry: ObjectRegistry;
  /** Undefined: nobody is logged in. */
  readonly userName: string | undefined;
  readonly loginTime = new Date();
  locale = 'en';
  readonly valueQuota: ValueQuota;
  readonly #environment: SessionEnvironment;
  readonly #peer: SessionPeer;
  readonly #owned = new Map<string, ManagedObject & { destroy?(): void }>();
  /** Undefined: nobody is logged in. */
  #access: Access | undefined;
  #lastActiveMs = Date.now();
  #held = 0;
  #callCount = 0;
  #isEnded = false;

  /** @param valueQuota what the sessions of the same user have together */
  constructor(
    environment: SessionEnvironment,
    userName: string | undefined,
    peer: SessionPeer,
    valueQuota = new ValueQuota(),
  ) {
    this.#environment = environment;
    this.valueQuota = valueQuota;
    this.registry = environment.registry;
    this.userName = userName;
    this.#peer = peer;
    this.#access = userName === undefined ? undefined : environment.access.of(userName);
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
    this.refreshAccess();
  }

  get isAdministrator(): boolean {
    return this.#access?.isAdministrator === true;
  }

  /** Whether the user has the privilege on the object. What the session owns, it may see, read and use. */
  may(object: ManagedObject, privilegeId: string): boolean {
    if (this.isAdministrator) return true;
    if (this.#access === undefined) return false;
    const isOwn = privilegeId.startsWith('System.') && this.#owned.has(object.ref.value);
    return isOwn || this.#access.has(object, privilegeId);
  }

  /** Those of the references that the user may see. */
  visible(refs: ManagedObjectReference[]): ManagedObjectReference[] {
    return this.isAdministrator ? refs : refs.filter(ref => this.sees(ref));
  }

  sees(ref: ManagedObjectReference): boolean {
    const object = this.find(ref.value);
    return object !== undefined && this.may(object, 'System.View');
  }

  /** Ids of the roles that count for the user on an entity. */
  rolesOn(entity: ManagedObject): number[] {
    return this.#access?.rolesOn(entity) ?? [];
  }

  /** What is given on the entity itself, to anybody. */
  permissionsOn(entity: ManagedObject): PermissionEntry[] {
    return this.#environment.access.permissions.filter(entry => entry.entity.value === entity.ref.value);
  }

  mayRead(object: ManagedObject, property: string): boolean {
    if (this.isAdministrator) return true;
    const privilege = this.#readPrivilege(object, property);
    return privilege === 'System.Anonymous' || this.may(object, privilege);
  }

  /** @throws VimFault NotAuthenticated, NoPermission */
  checkRead(object: ManagedObject, property: string): void {
    if (this.mayRead(object, property)) return;
    const privilege = this.#readPrivilege(object, property);
    throw this.isAnonymous ? notAuthenticated(object.ref, privilege) : noPermission(object.ref, privilege);
  }

  /** Takes note that roles, permissions or memberships may be others: what is followed may have come or gone. */
  refreshAccess(): void {
    if (this.userName === undefined) return;
    const access = this.#environment.access.of(this.userName);
    if (access === this.#access) return;
    this.#access = access;
    for (const object of this.#owned.values()) {
      if (object instanceof PropertyCollector) object.accessChanged();
    }
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
      locale: this.locale,
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
    const isSeen = object !== undefined && (isOpen || this.may(object, 'System.View'));
    if (!isSeen) throw managedObjectNotFound(ref);
    return object;
  }

  /** What a property read of this session sees. */
  scope(version: ApiVersion): SelectionScope {
    return {
      schema: this.#environment.schema,
      context: { session: this, version },
      find: moid => {
        const object = this.find(moid);
        if (object === undefined || this.isAdministrator) return object;
        const isOpen = anonymousTypes.has(object.objectClass.typeName);
        return isOpen || this.may(object, 'System.View') ? object : undefined;
      },
    };
  }

  #readPrivilege(object: ManagedObject, property: string): string {
    return this.#environment.propertyPrivileges.of(object.objectClass.typeName, property);
  }

  newMoid(type: string): string {
    return `session[${this.key}]${type}-${randomUUID()}`;
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

/** A key in the form of the product: a UUID that begins with 52. 114 bits of it are random. */
function newKey(): string {
  return `52${randomUUID().slice(2)}`;
}
