import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Clock, type Display, type InputSink, SYSTEM_CLOCK, Viewer } from '../../../lib/rfb/index.js';

export const MAX_VIEWERS = 10;
/** Connections that have not finished their handshake: they are no viewers yet, and must not keep viewers out. */
const MAX_STARTING = 20;
const KEEP_ALIVE_MS = 30_000;

/** `handshake`: a plain viewer. `serverInit`: one that a ticket identified, for which the protocol begins there. */
export type ViewerEntry = 'handshake' | 'serverInit';

export interface MksOptions {
  /** The VM's name, as viewers show it. */
  readonly name: string;
  readonly display: Display;
  /** The keyboard and mouse of one viewer. */
  readonly newInput: () => InputSink;
  readonly log: (text: string) => void;
  readonly clock?: Clock;
}

/** How a plain viewer shows that it may look. */
export interface PlainLogin {
  /** Null: none is asked for. */
  readonly password: string | null;
  /** Why this one is not even asked; null: it is. */
  readonly refusal: () => string | null;
  readonly outcome: (letIn: boolean) => void;
}

/** A viewer that sees the VM. */
export interface MksViewer {
  readonly who: string;
  readonly entry: ViewerEntry;
}

const OPEN: PlainLogin = { password: null, refusal: () => null, outcome: () => undefined };

interface Session extends MksViewer {
  readonly viewer: Viewer;
  started: boolean;
}

/** The VM's mouse, keyboard and screen, for the viewers of one VM. */
export class Mks {
  readonly #options: MksOptions;
  readonly #sessions = new Set<Session>();
  #closed = false;

  constructor(options: MksOptions) {
    this.#options = options;
  }

  get viewers(): readonly MksViewer[] {
    return [...this.#sessions].filter(({ started }) => started);
  }

  /**
   * Serves one viewer until it leaves. An eleventh is told so in its handshake, if it has one, and sent away.
   * @param who for the log
   * @param login for `handshake`
   */
  attach(stream: Duplex, entry: ViewerEntry, who: string, login: PlainLogin = OPEN): void {
    const starting = this.#sessions.size - this.viewers.length;
    if (this.#closed || (entry === 'handshake' && starting >= MAX_STARTING)) {
      this.#options.log(`MKS: ${who} was turned away: ${this.#closed ? 'the VM ends' : 'too many connect'}`);
      stream.destroy();
      return;
    }
    if (stream instanceof Socket) stream.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_MS);
    this.#serve(stream, entry, who, login);
  }

  /** Ends all viewers' connections. */
  close(): void {
    this.#closed = true;
    for (const { viewer } of this.#sessions) viewer.end('the VM ends');
  }

  #serve(stream: Duplex, entry: ViewerEntry, who: string, login: PlainLogin): void {
    const { name, display, newInput, log, clock = SYSTEM_CLOCK } = this.#options;
    const full = `${MAX_VIEWERS} viewers watch ${name} already`;
    let session: Session | null = null;
    let over = false;
    let started = false;
    const viewer = new Viewer({
      stream,
      entry,
      name,
      password: login.password,
      display,
      clock,
      input: newInput(),
      refusal: () => (this.viewers.length < MAX_VIEWERS ? login.refusal() : full),
      started: shared => {
        started = true;
        login.outcome(true);
        if (session !== null) this.#started(session, shared);
        log(`MKS: ${who} connected`);
      },
      ended: (reason, defect) => {
        over = true;
        if (defect === 'AuthenticationFailed') login.outcome(false);
        if (session !== null) this.#sessions.delete(session);
        log(`MKS: ${who} disconnected: ${reason}`);
      },
    });
    if (over) return;
    session = { who, entry, viewer, started };
    this.#sessions.add(session);
  }

  /** A plain viewer that wants the VM for itself ends other plain ones; who came by a ticket stays. */
  #started(session: Session, shared: boolean): void {
    session.started = true;
    if (shared) return;
    for (const other of this.#sessions)
      if (other !== session && other.entry === 'handshake')
        other.viewer.end(`${session.who} wants no others`);
  }
}
