import type { AuthContext, AuthenticationType, KeyboardAuthContext, PublicKeyAuthContext } from 'ssh2';
import type { Account, LoginGuard } from '../../../lib/auth/index.js';
import type { Logger } from '../../../lib/log/index.js';
import type { ServerConfig } from '../config/server-config.js';
import { KEY_TYPES } from './authorized-keys.js';
import type { Applicant, ConsoleLogins } from './console-logins.js';
import { type KeyOptions, NO_OPTIONS } from './key-options.js';
import { checkSignature, describeKey } from './key-signature.js';

/** Who is in, and what that login allows. */
export interface Admission {
  readonly account: Account;
  readonly options: KeyOptions;
  /** As OpenSSH's log has it: `password`, `publickey`, `keyboard-interactive/pam`. */
  readonly method: string;
  /** Type and fingerprint of the key, for the log. */
  readonly key?: string;
}

export interface ClientLoginOptions {
  readonly address: string;
  readonly port: number;
  readonly config: ServerConfig;
  readonly logins: ConsoleLogins;
  readonly guard: LoginGuard;
  readonly logger: Logger;
  /** The client has tried often enough. */
  readonly giveUp: () => void;
}

/** One client's attempts to log in, until one is right or there were too many. */
export class ClientLogin {
  readonly #options: ClientLoginOptions;
  readonly #methods: AuthenticationType[];
  #failures = 0;
  #hasAskedForMethods = false;
  #admission: Admission | undefined;

  constructor(options: ClientLoginOptions) {
    this.#options = options;
    const { pubkeyAuthentication, passwordAuthentication, keyboardInteractiveAuthentication } =
      options.config;
    this.#methods = [
      ...(pubkeyAuthentication ? (['publickey'] as const) : []),
      ...(passwordAuthentication ? (['password'] as const) : []),
      ...(keyboardInteractiveAuthentication ? (['keyboard-interactive'] as const) : []),
    ];
  }

  get admission(): Admission | undefined {
    return this.#admission;
  }

  handle(context: AuthContext): void {
    this.#decide(context).catch((error: unknown) => {
      this.#options.logger.error({ err: error }, 'cannot decide on a login');
      this.#fail(context, undefined);
    });
  }

  async #decide(context: AuthContext): Promise<void> {
    if (!this.#methods.includes(context.method)) {
      // RFC 4252, 5.2: "none" asks which methods there are.
      const isFirst = context.method === 'none' && !this.#hasAskedForMethods;
      this.#hasAskedForMethods = true;
      if (isFirst) context.reject(this.#methods);
      else this.#fail(context, undefined);
      return;
    }
    if (context.method === 'publickey') await this.#byKey(context);
    else if (context.method === 'password') await this.#byPassword(context, context.password, 'password');
    else if (context.method === 'keyboard-interactive') await this.#byPrompt(context);
  }

  async #byPassword(context: AuthContext, password: unknown, method: string): Promise<void> {
    // A client that sends a new password along was asked for none.
    const text = typeof password === 'string' ? password : '';
    const { guard, logins, address } = this.#options;
    const applicant = this.#applicant(context);
    const known = await logins.exists(applicant.user);
    let account: Account | undefined;
    const isRight = await guard.check({ account: known ? applicant.user : undefined, address }, async () => {
      account = await logins.byPassword(applicant, text);
      return account !== undefined;
    });
    if (isRight && account !== undefined) this.#admit(context, { account, options: NO_OPTIONS, method });
    else this.#fail(context, `${method} for ${known ? '' : 'invalid user '}${named(applicant.user)}`);
  }

  async #byPrompt(context: KeyboardAuthContext): Promise<void> {
    const answers = await new Promise<unknown>(resolve => {
      context.prompt([{ prompt: 'Password: ', echo: false }], (given: unknown) => resolve(given));
    });
    // An Error in their place: the client tries something else meanwhile.
    if (!Array.isArray(answers)) return;
    await this.#byPassword(context, answers[0], 'keyboard-interactive/pam');
  }

  async #byKey(context: PublicKeyAuthContext): Promise<void> {
    const { logins, logger, address } = this.#options;
    const applicant = this.#applicant(context);
    const key = { type: context.key.algo, blob: context.key.data };
    const what = `publickey for ${named(applicant.user)}`;
    if (!KEY_TYPES.includes(key.type)) {
      this.#fail(context, `${what}: keys of type ${named(key.type)} are not accepted`);
      return;
    }
    const verdict = await logins.byKey(applicant, key);
    if (verdict.account === undefined) {
      // Clients offer all keys they have: only what somebody should mend is worth a warning.
      logger.info(`Refused ${what} from ${address}: ${verdict.reason}`);
      this.#fail(context, undefined);
      return;
    }
    const { signature, blob: signed, hashAlgo } = context;
    if (key.type === 'ssh-rsa' && hashAlgo === undefined) {
      this.#fail(context, `${what}: an RSA signature with SHA-1 is not accepted`);
      return;
    }
    if (signature === undefined || signed === undefined) {
      context.accept(); // "this key will do": the client signs next
      return;
    }
    const complaint = checkSignature(key, { signed, signature, hash: hashAlgo });
    const { account, options } = verdict;
    if (complaint !== undefined) this.#fail(context, `${what}: ${complaint}`);
    else this.#admit(context, { account, options, method: 'publickey', key: describeKey(key) });
  }

  #applicant(context: AuthContext): Applicant {
    const { address, config } = this.#options;
    return { user: context.username, address, config };
  }

  #admit(context: AuthContext, admission: Admission): void {
    this.#admission = admission;
    context.accept();
  }

  /** @param what for the log; nothing when it is not worth a line */
  #fail(context: AuthContext, what: string | undefined): void {
    const { logger, address, port, config, giveUp } = this.#options;
    if (what !== undefined) logger.warn(`Failed ${what} from ${address} port ${port} ssh2`);
    this.#failures += 1;
    if (this.#failures >= config.maxAuthTries) {
      logger.warn(`Disconnecting ${address} port ${port}: too many authentication failures`);
      giveUp();
    } else context.reject(this.#methods);
  }
}

/** What a client calls itself, for a line of the log. */
function named(text: string): string {
  return text.slice(0, 64);
}
