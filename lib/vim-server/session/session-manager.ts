import { ManagedObjectReference, type UserSession } from '../../vim/index.js';
import {
  type CallContext,
  defineClass,
  type ManagedObject,
  type ObjectClass,
} from '../object/managed-object.js';
import { noPermission, vimFault } from '../object/vim-fault.js';
import type { LocalTickets } from './local-tickets.js';
import type { SessionTable } from './session-table.js';

/** Who may log in; the host answers. */
export interface LoginPolicy {
  /** @param address where the attempt comes from: wrong ones make later ones wait */
  verifyPassword(userName: string, password: string, address: string): Promise<boolean>;
  /** uid and gid of a local user, or undefined. */
  localUser(userName: string): Promise<{ uid: number; gid: number } | undefined>;
}

export class SessionManager implements ManagedObject {
  readonly ref: ManagedObjectReference;
  readonly objectClass: ObjectClass = sessionManagerClass;
  readonly table: SessionTable;
  readonly #policy: LoginPolicy;
  readonly #tickets: LocalTickets;
  readonly #accessRoot: ManagedObjectReference;

  constructor(
    options: { moid: string; accessRoot: ManagedObjectReference },
    dependencies: { table: SessionTable; policy: LoginPolicy; tickets: LocalTickets },
  ) {
    this.ref = new ManagedObjectReference('SessionManager', options.moid);
    this.#accessRoot = options.accessRoot;
    this.table = dependencies.table;
    this.#policy = dependencies.policy;
    this.#tickets = dependencies.tickets;
  }

  /** @throws VimFault InvalidLogin; NoPermission for a valid user without a role */
  async login(userName: string, password: string, call: CallContext): Promise<UserSession> {
    const isTicket = await this.#tickets.redeem(userName, password);
    const isRight = isTicket || (await this.#policy.verifyPassword(userName, password, call.remoteAddress));
    if (!isRight) throw invalidLogin();
    if (!this.table.access.hasAccess(userName)) throw noPermission(this.#accessRoot, 'System.View');
    const session = this.table.begin(userName, call);
    call.setSession(session);
    return session.info();
  }

  logout(call: CallContext): void {
    if (call.session !== undefined) this.table.end(call.session);
  }

  async acquireLocalTicket(userName: string): Promise<{ userName: string; passwordFilePath: string }> {
    const owner = await this.#policy.localUser(userName);
    if (owner === undefined) throw invalidLogin();
    const ticket = await this.#tickets.issue(userName, owner);
    return { userName, passwordFilePath: ticket.path };
  }

  terminate(keys: readonly string[], call: CallContext): void {
    for (const key of keys) {
      const session = this.table.find(key);
      if (session === undefined) throw vimFault('NotFound', {}, 'The session was not found.');
      if (session === call.session)
        throw vimFault(
          'InvalidArgument',
          { invalidProperty: 'sessionId' },
          'A session cannot terminate itself.',
        );
      this.table.end(session);
    }
  }

  isActive(key: string, userName: string): boolean {
    return this.table.find(key)?.userName === userName;
  }
}

function invalidLogin(): Error {
  const message = 'Cannot complete login due to an incorrect user name or password.';
  return vimFault('InvalidLogin', {}, message);
}

export const sessionManagerClass = defineClass<'SessionManager', SessionManager>('SessionManager', {
  properties: {
    sessionList: manager => manager.table.list().map(one => one.info()),
    currentSession: (_, { session }) =>
      session === undefined || session.isAnonymous ? undefined : session.info(),
    message: () => '',
    messageLocaleList: () => ['en'],
    supportedLocaleList: () => ['en'],
    defaultLocale: () => 'en',
  },
  methods: {
    Login: (manager, args, call) => manager.login(args.userName, args.password, call),
    Logout: (manager, _, call) => manager.logout(call),
    AcquireLocalTicket: (manager, args) => manager.acquireLocalTicket(args.userName),
    SessionIsActive: (manager, args) => manager.isActive(args.sessionID, args.userName),
    TerminateSession: (manager, args, call) => manager.terminate(args.sessionId, call),
  },
});
