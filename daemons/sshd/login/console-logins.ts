import { isAbsolute, join } from 'node:path';
import {
  type Account,
  groupNamesOf,
  mayLogInByKey,
  readAccount,
  readGroups,
  readShadowEntry,
  verifyPassword,
} from '../../../lib/auth/index.js';
import { matchesPattern, matchesUser } from '../config/pattern.js';
import type { ServerConfig } from '../config/server-config.js';
import { findAuthorizedKey } from './authorized-keys.js';
import { type KeyOptions, refusalOf } from './key-options.js';
import { readUserFile } from './user-file.js';

/** Who wants in, and under which rules. */
export interface Applicant {
  readonly user: string;
  readonly address: string;
  readonly config: ServerConfig;
}

export interface PublicKey {
  /** As in KEY_TYPES. */
  readonly type: string;
  readonly blob: Buffer;
}

export type KeyVerdict =
  | { readonly account: Account; readonly options: KeyOptions; readonly reason?: never }
  /** For the log alone. */
  | { readonly account?: never; readonly reason: string };

/** Decides by the console's own files, read at each question. */
export class ConsoleLogins {
  readonly #etc: string;

  /** @param etcFolder /etc of the console */
  constructor(etcFolder: string) {
    this.#etc = etcFolder;
  }

  async exists(user: string): Promise<boolean> {
    return (await readAccount(join(this.#etc, 'passwd'), user)) !== undefined;
  }

  /** The account, when its password is right and it may log in by one. Costs the same for whoever does not exist. */
  async byPassword(applicant: Applicant, password: string): Promise<Account | undefined> {
    const isRight = await verifyPassword(join(this.#etc, 'shadow'), applicant.user, password);
    const account = await this.#admitted(applicant);
    const { permitRootLogin } = applicant.config;
    if (account?.uid === 0 && permitRootLogin !== 'yes') return undefined;
    return isRight ? account : undefined;
  }

  /** Whether the key is one of the account's. Says nothing of who holds it. */
  async byKey(applicant: Applicant, key: PublicKey): Promise<KeyVerdict> {
    const account = await this.#admitted(applicant);
    if (account === undefined) return { reason: 'no such account, or not admitted' };
    const entry = await readShadowEntry(join(this.#etc, 'shadow'), applicant.user);
    if (entry === undefined || !mayLogInByKey(entry))
      return { reason: 'the account is locked or has expired' };
    let reason = 'not an authorized key';
    for (const path of keyFilesOf(account, applicant.config)) {
      const file = readUserFile(path, account, applicant.config.strictModes);
      if (file.kind === 'refused') reason = file.reason;
      if (file.kind !== 'read') continue;
      const search = findAuthorizedKey(file.text, key.type, key.blob);
      if (search.kind === 'refused') reason = `${path}, ${search.reason}`;
      if (search.kind !== 'found') continue;
      const { options } = search.authorized;
      const refusal = refusalOf(options, applicant.address, Date.now());
      if (refusal === undefined) return { account, options };
      reason = refusal;
    }
    return { reason };
  }

  /** The account, unless the lists of sshd_config(5) keep it out. Deny comes before allow, users before groups. */
  async #admitted({ user, address, config }: Applicant): Promise<Account | undefined> {
    const account = await readAccount(join(this.#etc, 'passwd'), user);
    if (account === undefined) return undefined;
    if (account.uid === 0 && config.permitRootLogin === 'no') return undefined;
    const isListed = (patterns: readonly string[]): boolean =>
      patterns.some(pattern => matchesUser(user, address, pattern));
    if (isListed(config.denyUsers)) return undefined;
    if (config.allowUsers.length > 0 && !isListed(config.allowUsers)) return undefined;
    return (await this.#groupsAdmit(account, config)) ? account : undefined;
  }

  async #groupsAdmit(account: Account, { allowGroups, denyGroups }: ServerConfig): Promise<boolean> {
    if (allowGroups.length === 0 && denyGroups.length === 0) return true;
    const names = groupNamesOf(await readGroups(join(this.#etc, 'group')), account);
    const isListed = (patterns: readonly string[]): boolean =>
      patterns.some(pattern => names.some(name => matchesPattern(name, pattern)));
    return !isListed(denyGroups) && (allowGroups.length === 0 || isListed(allowGroups));
  }
}

function keyFilesOf(account: Account, { authorizedKeysFiles }: ServerConfig): string[] {
  return authorizedKeysFiles
    .filter(path => path.toLowerCase() !== 'none')
    .map(path =>
      path.replace(/%([hu%])/g, (_all, key: string) => ({ h: account.home, u: account.name })[key] ?? '%'),
    )
    .map(path => (isAbsolute(path) ? path : join(account.home, path)));
}
