import type { AccessControl } from '../authorization/access-control.js';
import { vimFault } from '../object/vim-fault.js';
import { maxValueUnits, ValueQuota } from '../property/value-quota.js';
import { Session, type SessionEnvironment, type SessionPeer } from './session.js';

export interface SessionLimits {
  readonly idleMs: number;
  readonly maxSessions: number;
  /** So many of them nobody else can take. */
  readonly keptForAdministrators: number;
  /** Room for what the filters of all of one user's sessions remember. */
  readonly valueUnits: number;
}

export const defaultSessionLimits: SessionLimits = {
  idleMs: 30 * 60_000,
  maxSessions: 1000,
  keptForAdministrators: 100,
  valueUnits: maxValueUnits,
};

/** A session has begun or ended. */
export type SessionListener = (session: Session, isNew: boolean) => void;

/** Sessions by cookie. Idle ones are ended when somebody looks, not by a timer. */
export class SessionTable {
  readonly anonymous: Session;
  readonly #environment: SessionEnvironment;
  readonly #limits: SessionLimits;
  readonly #sessions = new Map<string, Session>();
  readonly #byKey = new Map<string, Session>();
  readonly #quotas = new Map<string, ValueQuota>();
  readonly #listeners: SessionListener[] = [];

  constructor(environment: SessionEnvironment, limits: SessionLimits = defaultSessionLimits) {
    this.#environment = environment;
    this.#limits = limits;
    environment.access.onChange(() => {
      for (const session of this.#sessions.values()) session.refreshAccess();
    });
    this.anonymous = new Session(environment, undefined, { remoteAddress: '', userAgent: '' });
  }

  get access(): AccessControl {
    return this.#environment.access;
  }

  begin(userName: string, peer: SessionPeer): Session {
    this.#endIdle();
    const kept = this.access.of(userName).isAdministrator ? 0 : this.#limits.keptForAdministrators;
    if (this.#sessions.size >= this.#limits.maxSessions - kept) {
      throw vimFault('SystemError', { reason: 'too many sessions' }, 'The server has too many sessions.');
    }
    const session = new Session(this.#environment, userName, peer, this.#quotaOf(userName));
    this.#sessions.set(session.cookie, session);
    this.#byKey.set(session.key, session);
    this.#tell(session, true);
    return session;
  }

  /** The session of the client that shows its cookie. */
  find(cookie: string | undefined): Session | undefined {
    return cookie === undefined ? undefined : this.#notIdle(this.#sessions.get(cookie));
  }

  /** The session of that name, whoever asks. */
  findByKey(key: string): Session | undefined {
    return this.#notIdle(this.#byKey.get(key));
  }

  #notIdle(session: Session | undefined): Session | undefined {
    if (session === undefined || !session.isIdle(Date.now() - this.#limits.idleMs)) return session;
    this.end(session);
    return undefined;
  }

  list(): Session[] {
    this.#endIdle();
    return [...this.#sessions.values()];
  }

  end(session: Session): void {
    if (!this.#sessions.delete(session.cookie)) return;
    this.#byKey.delete(session.key);
    session.end();
    this.#tell(session, false);
  }

  /** For as long as the table is. */
  onChange(listener: SessionListener): void {
    this.#listeners.push(listener);
  }

  #tell(session: Session, isNew: boolean): void {
    for (const listener of this.#listeners) listener(session, isNew);
  }

  #quotaOf(userName: string): ValueQuota {
    const known = this.#quotas.get(userName);
    if (known !== undefined) return known;
    const quota = new ValueQuota(this.#limits.valueUnits);
    this.#quotas.set(userName, quota);
    return quota;
  }

  #endIdle(): void {
    const since = Date.now() - this.#limits.idleMs;
    for (const session of [...this.#sessions.values()]) if (session.isIdle(since)) this.end(session);
  }
}
