import type { Duplex } from 'node:stream';
import { RemoteDisplay, Viewer } from '../../../lib/rfb/index.js';

const MAX_VIEWERS = 10;
/** Connections that have not finished their handshake. */
const MAX_STARTING = 20;

/** The VM's console, held by one connection and shown to many viewers. */
export class ConsoleGateway {
  readonly #display: RemoteDisplay;
  readonly #viewers = new Set<Viewer>();
  /** Resolves with the reason when the connection to the VM is over. */
  readonly ended: Promise<string>;

  private constructor(display: RemoteDisplay, ended: Promise<string>) {
    this.#display = display;
    this.ended = ended;
    void ended.then(reason => this.#sendAway(reason));
  }

  /** @param stream to the VM, at RFB's ServerInit */
  static async open(stream: Duplex): Promise<ConsoleGateway> {
    let end: (reason: string) => void = () => undefined;
    const ended = new Promise<string>(resolve => {
      end = resolve;
    });
    const display = await RemoteDisplay.open({ stream, ended: reason => end(reason) });
    return new ConsoleGateway(display, ended);
  }

  get viewers(): number {
    return this.#viewers.size;
  }

  /** Serves one viewer until it leaves, or the VM's connection ends. */
  attach(stream: Duplex): void {
    if (this.#viewers.size >= MAX_VIEWERS + MAX_STARTING) {
      stream.destroy();
      return;
    }
    const viewer: Viewer = new Viewer({
      stream,
      entry: 'handshake',
      name: this.#display.name,
      password: null,
      display: this.#display,
      input: this.#display.input(),
      refusal: () => (this.#viewers.size > MAX_VIEWERS ? `${MAX_VIEWERS} viewers watch already` : null),
      started: () => undefined,
      ended: () => this.#viewers.delete(viewer),
    });
    this.#viewers.add(viewer);
  }

  close(): void {
    this.#display.close('closed here');
  }

  #sendAway(reason: string): void {
    for (const viewer of this.#viewers) viewer.end(reason);
  }
}
