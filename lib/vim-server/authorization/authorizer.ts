import { ManagedObjectReference, type MethodDefinition, type Methods } from '../../vim/index.js';
import type { ManagedObject } from '../object/managed-object.js';
import { managedObjectNotFound, noPermission, notAuthenticated } from '../object/vim-fault.js';
import type { Session } from '../session/session.js';

/** A privilege that a call takes on an object. */
export interface Need {
  readonly on: ManagedObjectReference;
  readonly privilege: string;
}

/**
 * What a call takes beyond what the schema says, by its arguments. A method whose privilege the schema leaves to
 * its arguments must have one; an empty answer asks for a session and nothing else.
 */
export type MethodRules = {
  readonly [M in keyof Methods]?: (
    self: ManagedObject,
    args: Methods[M]['args'],
    session: Session,
  ) => readonly Need[];
};

type Rule = (self: ManagedObject, args: unknown, session: Session) => readonly Need[];

/** Asked of a method that has no rule: nobody but an administrator has it. */
const unruled = 'System.Unruled';

/** Decides whether a session may make a call. */
export class Authorizer {
  readonly #rules: ReadonlyMap<string, Rule>;

  constructor(...rules: readonly MethodRules[]) {
    this.#rules = new Map(rules.flatMap(set => Object.entries(set) as [string, Rule][]));
  }

  hasRule(method: string): boolean {
    return this.#rules.has(method);
  }

  /**
   * Before the arguments are looked at.
   * @throws VimFault NotAuthenticated, NoPermission
   */
  checkTarget(session: Session, object: ManagedObject, method: MethodDefinition): void {
    if (method.privilege === 'System.Anonymous') return;
    const privilege = method.privilege ?? 'System.View';
    if (session.isAnonymous) throw notAuthenticated(object.ref, privilege);
    // Who may do nothing any more can still leave.
    if (method.name === 'Logout' || session.may(object, privilege)) return;
    throw noPermission(object.ref, privilege);
  }

  /** @throws VimFault NoPermission; ManagedObjectNotFound for an argument that names nothing */
  checkArguments(
    session: Session,
    object: ManagedObject,
    { method, args }: { method: MethodDefinition; args: unknown },
  ): void {
    if (session.isAdministrator) return;
    checkVisible(session, method, args);
    const rule = this.#rules.get(method.name);
    if (rule === undefined) {
      if (method.privilege === undefined) throw noPermission(object.ref, unruled);
      return;
    }
    for (const { on, privilege } of rule(object, args, session)) {
      const needed = session.find(on.value);
      if (needed === undefined) throw managedObjectNotFound(on);
      if (!session.may(needed, privilege)) throw noPermission(on, privilege);
    }
  }
}

/** An object that a parameter names and the caller may not see is not there for him. */
function checkVisible(session: Session, { parameters }: MethodDefinition, args: unknown): void {
  for (const { name, array } of parameters) {
    const ref = (args as Readonly<Record<string, unknown>>)[name];
    if (array || !(ref instanceof ManagedObjectReference)) continue;
    if (!session.sees(ref)) throw managedObjectNotFound(ref);
  }
}
