import { ManagedObjectReference, type SessionManagerLocalTicket, type UserSession } from '../../vim/index.js';
import type { EventManager } from '../event/event-manager.js';
import {
  type CallContext,
  defineClass,
  type ManagedObject,
  type ObjectClass,
} from '../object/managed-object.js';
import type { ObjectRegistry } from '../object/object-registry.js';
import { invalidArgument, noPermission, vimFault } from '../object/vim-fault.js';
import { CloneTickets } from './clone-tickets.js';
import type { LocalTickets } from './local-tickets.js';
import { checkLocale, supportedLocales } from './locales.js';
import type { Session } from './session.js';
import type { SessionTable } from './session-table.js';

/** Who may log in; the host answers. */
export interface LoginPolicy {
  /** @param address where the attempt comes from: wrong ones make later ones wait */
  verifyPassword(userName: string, password: string, address: string): Promise<boolean>;
  /** uid and gid of a local user, or undefined. */
  localUser(userName: string): Promise<{ uid: number; gid: number } | undefined>;
}

export interface SessionManagerDependencies {
  readonly table: SessionTable;
  readonly policy: LoginPolicy;
  readonly tickets: LocalTickets;
  readonly events: EventManager;
  readonly registry: ObjectRegistry;
}

const maxMessageLength = 1024;

/** Logins, and the sessions that they begin. */
export class SessionManager implements ManagedObject {
  readonly ref: ManagedObjectReference;
  readonly objectClass: ObjectClass = sessionManagerClass;
  readonly table: SessionTable;
  readonly #dependencies: SessionManagerDependencies;
  readonly #accessRoot: ManagedObjectReference;
  readonly #cloneTickets = new CloneTickets();
  #message = '';

  constructor(
    options: { moid: string; accessRoot: ManagedObjectReference },
    dependencies: SessionManagerDependencies,
  ) {
    this.ref = new ManagedObjectReference('SessionManager', options.moid);
    this.#accessRoot = options.accessRoot;
    this.#dependencies = dependencies;
    this.table = dependencies.table;
    this.table.onChange((session, isNew) => this.#noteSession(session, isNew));
  }

  /** What an administrator tells everybody who is logged in. */
  get message(): string {
    return this.#message;
  }

  /** @throws VimFault InvalidLogin, InvalidLocale; NoPermission for a valid user without a role */
  async login(
    { userName, password, locale }: { userName: string; password: string; locale?: string | undefined },
    call: CallContext,
  ): Promise<UserSession> {
    const { events, policy, tickets } = this.#dependencies;
    checkLocale(locale);
    if (call.session?.userName !== undefined) {
      events.post('AlreadyAuthenticatedSessionEvent', {}, { userName: call.session.userName });
      throw invalidLogin();
    }
    const isTicket = await tickets.redeem(userName, password);
    if (!isTicket && !(await policy.verifyPassword(userName, password, call.remoteAddress))) {
      events.post('BadUsernameSessionEvent', { ipAddress: call.remoteAddress }, shortened(userName));
      throw invalidLogin();
    }
    return this.#begin(userName, locale, call);
  }

  logout(call: CallContext): void {
    if (call.session !== undefined) this.table.end(call.session);
  }

  /** @throws VimFault InvalidLogin for a ticket that is not out, or not any more */
  clone(ticket: string, call: CallContext): UserSession {
    const userName = this.#cloneTickets.redeem(ticket);
    if (userName === undefined) throw invalidLogin();
    return this.#begin(userName, undefined, call);
  }

  acquireCloneTicket({ session }: CallContext): string {
    if (session?.userName === undefined) throw invalidLogin();
    return this.#cloneTickets.issue(session.userName);
  }

  /** Who asks from elsewhere could not read it, only crowd out others'. @throws VimFault InvalidLogin */
  async acquireLocalTicket(userName: string, call: CallContext): Promise<SessionManagerLocalTicket> {
    if (!isLoopback(call.remoteAddress)) throw invalidLogin();
    const { policy, tickets } = this.#dependencies;
    const owner = await policy.localUser(userName);
    if (owner === undefined) throw invalidLogin();
    const ticket = await tickets.issue(userName, owner);
    return { userName, passwordFilePath: ticket.path };
  }

  /** Ends all the sessions or none. @throws VimFault NotFound; InvalidArgument for the caller's own */
  terminate(keys: readonly string[], call: CallContext): void {
    const sessions = keys.map(key => {
      const session = this.table.findByKey(key);
      if (session === undefined) throw vimFault('NotFound', {}, 'The session was not found.');
      if (session === call.session) throw invalidArgument('sessionId', 'A session cannot end itself.');
      return session;
    });
    for (const session of sessions) {
      this.table.end(session);
      const fields = { sessionId: session.key, terminatedUsername: session.userName ?? '' };
      this.#dependencies.events.post('SessionTerminatedEvent', fields, { userName: call.session?.userName });
    }
  }

  isActive(key: string, userName: string): boolean {
    return this.table.findByKey(key)?.userName === userName;
  }

  setMessage(message: string, call: CallContext): void {
    if (message.length > maxMessageLength) throw invalidArgument('message');
    const { events, registry } = this.#dependencies;
    this.#message = message;
    events.post('GlobalMessageChangedEvent', { message }, { userName: call.session?.userName });
    registry.changed(this, 'message');
  }

  #begin(userName: string, locale: string | undefined, call: CallContext): UserSession {
    if (!this.table.access.hasAccess(userName)) {
      const { events } = this.#dependencies;
      events.post('NoAccessUserEvent', { ipAddress: call.remoteAddress }, { userName });
      throw noPermission(this.#accessRoot, 'System.View');
    }
    const session = this.table.begin(userName, call);
    if (locale !== undefined) session.locale = locale;
    call.setSession(session);
    return session.info();
  }

  #noteSession(session: Session, isNew: boolean): void {
    const { events, registry } = this.#dependencies;
    const { ipAddress = '', userAgent, callCount, loginTime, locale } = session.info();
    const cause = { userName: session.userName };
    const common = { ipAddress, userAgent, sessionId: session.key };
    if (isNew) events.post('UserLoginSessionEvent', { ...common, locale }, cause);
    else events.post('UserLogoutSessionEvent', { ...common, callCount, loginTime }, cause);
    registry.changed(this, 'sessionList');
  }
}

function isLoopback(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address);
}

/** A name that nobody has may be of any length. */
function shortened(userName: string): { userName: string } {
  return { userName: userName.slice(0, 80) };
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
    message: manager => manager.message,
    messageLocaleList: () => [...supportedLocales],
    supportedLocaleList: () => [...supportedLocales],
    defaultLocale: () => 'en',
  },
  methods: {
    Login: (manager, args, call) => manager.login(args, call),
    Logout: (manager, _, call) => manager.logout(call),
    AcquireCloneTicket: (manager, _, call) => manager.acquireCloneTicket(call),
    CloneSession: (manager, args, call) => manager.clone(args.cloneTicket, call),
    AcquireLocalTicket: (manager, args, call) => manager.acquireLocalTicket(args.userName, call),
    SessionIsActive: (manager, args) => manager.isActive(args.sessionID, args.userName),
    SetLocale: (_, { locale }, { session }) => {
      checkLocale(locale);
      if (session !== undefined) session.locale = locale;
    },
    TerminateSession: (manager, args, call) => manager.terminate(args.sessionId, call),
    UpdateServiceMessage: (manager, args, call) => manager.setMessage(args.message, call),
  },
});
