import type { IncomingMessage } from 'node:http';
import {
  type AccessControl,
  type LoginPolicy,
  type ManagedObject,
  type SessionTable,
  sessionCookieOf,
} from '../../../lib/vim-server/index.js';

export interface HttpCallersDependencies {
  readonly sessions: SessionTable;
  readonly policy: LoginPolicy;
  readonly access: AccessControl;
}

/** Who sent a request that is no SOAP. */
export interface HttpCaller {
  /** Whether the caller has a privilege on an object. */
  may(object: ManagedObject, privilegeId: string): boolean;
}

/** Finds who sends requests besides SOAP: by the session's cookie, or by a name and password. */
export class HttpCallers {
  readonly #dependencies: HttpCallersDependencies;

  constructor(dependencies: HttpCallersDependencies) {
    this.#dependencies = dependencies;
  }

  /** @returns undefined for who is not logged in */
  async identify(request: IncomingMessage): Promise<HttpCaller | undefined> {
    const { sessions, policy, access } = this.#dependencies;
    const session = sessions.find(sessionCookieOf(request.headers.cookie));
    if (session !== undefined && !session.isAnonymous) {
      session.touch();
      return { may: (object, privilegeId) => session.may(object, privilegeId) };
    }
    const basic = /^Basic ([A-Za-z0-9+/=]{1,1024})$/.exec(request.headers.authorization ?? '')?.[1];
    const text = basic === undefined ? '' : Buffer.from(basic, 'base64').toString('utf8');
    const colon = text.indexOf(':');
    if (colon <= 0) return undefined;
    const [userName, password] = [text.slice(0, colon), text.slice(colon + 1)];
    if (!access.hasAccess(userName)) return undefined;
    if (!(await policy.verifyPassword(userName, password, request.socket.remoteAddress ?? '')))
      return undefined;
    return { may: (object, privilegeId) => access.of(userName).has(object, privilegeId) };
  }
}
