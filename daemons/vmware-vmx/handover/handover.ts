import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { HANDOVER_SOCKET, type TicketService, type VmOffer } from '../../../kernel/abi/index.js';
import { HandoverError, HandoverTaker, type TakenConnection } from '../../../lib/handover/index.js';
import type { Bearer } from './second-session.js';

/** Connections for one service that are taken and not open yet. */
const MAX_OPENING = 16;

/** Serves streams of one kind. */
export interface HandedService {
  /** @param opening connections for it that are on their way. @returns why one more cannot be; undefined: it can */
  refusal(opening: number): string | undefined;
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
  readonly #opening: Record<TicketService, number> = { mks: 0, vmctl: 0 };

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
    const { service } = offer;
    const opening = this.#opening[service];
    const refusal = this.#options.services[service].refusal(opening);
    if (refusal !== undefined) throw new HandoverError('Refused', refusal);
    if (opening >= MAX_OPENING)
      throw new HandoverError('Refused', 'Too many connections to this VM are being opened');
    this.#opening[service]++;
    return {
      take: fd => void this.#take(fd, offer),
      drop: () => {
        this.#opening[service]--;
      },
    };
  }

  async #take(fd: number, offer: VmOffer): Promise<void> {
    const { user, rights, peer, service } = offer;
    const { log } = this.#options;
    try {
      // Loaded only here: most VMs are never looked at, and TLS has its price in memory.
      const { openSecondSession } = await import('./second-session.js');
      const stream = await openSecondSession(fd, offer);
      log(`${service} of ${user} from ${peer}`);
      this.#options.services[service].attach(stream, { user, rights, peer });
    } catch (error) {
      log(`${service} of ${user} from ${peer}: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      this.#opening[service]--;
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
