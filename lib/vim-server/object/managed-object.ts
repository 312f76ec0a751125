import type { ApiVersion, ManagedObjectReference, ManagedTypes, Methods } from '../../vim/index.js';
import type { Session } from '../session/session.js';

/** For whom a property is read: some are the caller's own, such as SessionManager.currentSession. */
export interface ReadContext {
  readonly session: Session | undefined;
  readonly version: ApiVersion;
}

export interface CallContext extends ReadContext {
  /** Aborted when the client has gone away. */
  readonly signal: AbortSignal;
  readonly remoteAddress: string;
  readonly userAgent: string;
  /** Makes the reply carry the cookie of a session that this call began. */
  setSession(session: Session): void;
}

/** An object with a moid. What clients may read and call stands in its class. */
export interface ManagedObject {
  readonly ref: ManagedObjectReference;
  readonly objectClass: ObjectClass;
}

export type PropertyReader = (self: ManagedObject, context: ReadContext) => unknown;
export type MethodHandler = (self: ManagedObject, args: unknown, call: CallContext) => unknown;

/** The built properties and methods of one managed type. What is missing answers NotSupported. */
export interface ObjectClass {
  readonly typeName: keyof ManagedTypes;
  readonly properties: ReadonlyMap<string, PropertyReader>;
  readonly methods: ReadonlyMap<string, MethodHandler>;
}

export type PropertyReaders<N extends keyof ManagedTypes, T> = {
  readonly [P in keyof ManagedTypes[N]]?: (self: T, context: ReadContext) => ManagedTypes[N][P];
};

/** Handlers by method name; the names of the type's own and inherited methods. */
export type MethodHandlers<T> = {
  readonly [M in keyof Methods]?: (
    self: T,
    args: Methods[M]['args'],
    call: CallContext,
  ) => Methods[M]['returns'] | Promise<Methods[M]['returns']>;
};

export interface ClassMembers<N extends keyof ManagedTypes, T> {
  readonly properties: PropertyReaders<N, T>;
  readonly methods: MethodHandlers<T>;
}

/** @param inherited members that this type shares with others, overridden by its own */
export function defineClass<N extends keyof ManagedTypes, T extends ManagedObject>(
  typeName: N,
  members: ClassMembers<N, T>,
  ...inherited: readonly ObjectClass[]
): ObjectClass {
  const own = {
    properties: Object.entries(members.properties) as [string, PropertyReader][],
    methods: Object.entries(members.methods) as [string, MethodHandler][],
  };
  return {
    typeName,
    properties: new Map([...inherited.flatMap(base => [...base.properties]), ...own.properties]),
    methods: new Map([...inherited.flatMap(base => [...base.methods]), ...own.methods]),
  };
}
