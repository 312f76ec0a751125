import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { HANDOVER_SOCKET, type TicketService, type VmOffer } from '../../../kernel/abi/index.js';
import { HandoverError, HandoverTaker, type TakenConnection } from '../../../lib/handover/index.js';
import type { Bearer, SecondSessions } from './second-session.js';

/** Serves streams of one kind. */
export interface HandedService {
  /** @returns why one more of this user cannot be; undefined: it can */
  refusal(user: string): string | undefined;
  /** Between its refusal and this others may have come: it closes a stream that is one too many. */
  attach(stream: TLSSocket, bearer: Bearer): void;
}

export interface HandoverOptions {
  /** The VM's private run folder. */
  readonly runDir: string;
  /** What a ticket may be for. The console's streams stand at RFB's ServerInit. */
  readonly services: Readonly<Record<TicketService, HandedService>>;
  readonly log: (text: string) => void;
}

/** Takes over the connections that vmkauthd hands to this VM. */
export class Handover {
  readonly #options: HandoverOptions;
  #taker: HandoverTaker | undefined;
  #sessions: Promise<SecondSessions> | undefined;

  private constructor(options: HandoverOptions) {
    this.#options = options;
  }

  static async listen(options: HandoverOptions): Promise<Handover> {
    const handover = new Handover(options);
    handover.#taker = await HandoverTaker.listen({
      path: join(options.runDir, HANDOVER_SOCKET),
      admit: async message => handover.#admit(offerOf(message)),
      onError: error => options.log(`hand-over: ${error instanceof Error ? error.message : String(error)}`),
    });
    return handover;
  }

  close(): void {
    this.#taker?.close();
  }

  #admit(offer: VmOffer): TakenConnection {
    const refusal = this.#options.services[offer.service].refusal(offer.user);
    if (refusal !== undefined) throw new HandoverError('Refused', refusal);
    return { take: fd => void this.#take(fd, offer), drop: () => undefined };
  }

  async #take(fd: number, offer: VmOffer): Promise<void> {
    const { user, rights, peer, service } = offer;
    const { log } = this.#options;
    try {
      // Loaded only here: most VMs are never looked at, and TLS has its price in memory.
      this.#sessions ??= import('./second-session.js').then(({ SecondSessions }) => new SecondSessions());
      const stream = await (await this.#sessions).open(fd, offer);
      log(`${service} of ${user} from ${peer}`);
      this.#options.services[service].attach(stream, { user, rights, peer });
    } catch (error) {
      log(`${service} of ${user} from ${peer}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

/** vmkauthd wrote it; what is else comes from nobody. @throws HandoverError Malformed */
function offerOf(message: unknown): VmOffer {
  const offer = (message ?? {}) as Partial<Record<keyof VmOffer, unknown>>;
  const { service, nonce, user, rights, peer, certificate, key } = offer;
  const texts = [nonce, user, peer, certificate, key];
  if ((service !== 'mks' && service !== 'vmctl') || !texts.every(text => typeof text === 'string'))
    throw new HandoverError('Malformed', 'That is no offer of a connection');
  if (!Array.isArray(rights)) throw new HandoverError('Malformed', 'That is no offer of a connection');
  return message as VmOffer;
}
