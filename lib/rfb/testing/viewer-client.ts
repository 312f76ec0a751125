import { Duplex } from 'node:stream';
import { type DecoderName, NoVncDecoders, NoVncPicture } from './novnc.js';

const NAMES: ReadonlyMap<number, DecoderName> = new Map([
  [0, 'raw'],
  [1, 'copyrect'],
  [5, 'hextile'],
  [7, 'tight'],
  [16, 'zrle'],
]);

/** Both ends of a connection in one process; what the server writes waits until it is taken. */
export class TestConnection {
  readonly server: Duplex;
  readonly #pending: { bytes: Buffer; done: () => void }[] = [];

  constructor() {
    this.server = new Duplex({
      highWaterMark: 1,
      read: () => undefined,
      write: (bytes: Buffer, _, done) => this.#pending.push({ bytes, done }),
    });
  }

  send(bytes: Uint8Array): void {
    this.server.push(bytes);
  }

  get waitingBytes(): number {
    return this.#pending.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  take(): Buffer {
    const taken = this.#pending.splice(0);
    for (const { done } of taken) done();
    return Buffer.concat(taken.map(({ bytes }) => bytes));
  }
}

export interface SeenUpdate {
  readonly encodings: readonly number[];
}

/** A viewer behind ServerInit: requests, and decodes what it gets by noVNC's decoders. */
export class TestViewer {
  readonly #decoders: NoVncDecoders;
  #bytes = Buffer.alloc(0);
  picture: NoVncPicture;

  private constructor(
    readonly connection: TestConnection,
    decoders: NoVncDecoders,
    size: { width: number; height: number },
  ) {
    this.#decoders = decoders;
    this.picture = new NoVncPicture(size.width, size.height);
  }

  static async open(
    connection: TestConnection,
    size: { width: number; height: number },
  ): Promise<TestViewer> {
    return new TestViewer(connection, await NoVncDecoders.load(), size);
  }

  /** Red in the low byte, as noVNC's decoders want it. */
  setFormat(): void {
    const format = [32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 0, 8, 16, 0, 0, 0];
    this.connection.send(Buffer.from([0, 0, 0, 0, ...format]));
  }

  setEncodings(...encodings: number[]): void {
    const bytes = Buffer.alloc(4 + 4 * encodings.length);
    bytes.writeUInt8(2, 0);
    bytes.writeUInt16BE(encodings.length, 2);
    for (const [i, encoding] of encodings.entries()) bytes.writeInt32BE(encoding, 4 + 4 * i);
    this.connection.send(bytes);
  }

  request(incremental: boolean): void {
    const bytes = Buffer.alloc(10);
    bytes.writeUInt8(3, 0);
    bytes.writeUInt8(Number(incremental), 1);
    bytes.writeUInt16BE(this.picture.width, 6);
    bytes.writeUInt16BE(this.picture.height, 8);
    this.connection.send(bytes);
  }

  /** Takes what has come. @returns the update, when it is whole */
  receive(): SeenUpdate | null {
    this.#bytes = Buffer.concat([this.#bytes, this.connection.take()]);
    if (this.#bytes.length < 4) return null;
    if (this.#bytes[0] !== 0) throw new Error(`message ${this.#bytes[0]}`);
    const encodings: number[] = [];
    let at = 4;
    for (let i = 0; i < this.#bytes.readUInt16BE(2); i++) {
      if (this.#bytes.length < at + 12) return null;
      const [x, y, width, height] = [0, 2, 4, 6].map(offset => this.#bytes.readUInt16BE(at + offset)) as [
        number,
        number,
        number,
        number,
      ];
      const encoding = this.#bytes.readInt32BE(at + 8);
      encodings.push(encoding);
      at += 12 + this.#rect(encoding, { x, y, width, height }, this.#bytes.subarray(at + 12));
    }
    if (at !== this.#bytes.length) throw new Error('bytes behind the update');
    this.#bytes = Buffer.alloc(0);
    return { encodings };
  }

  #rect(
    encoding: number,
    rect: { x: number; y: number; width: number; height: number },
    bytes: Buffer,
  ): number {
    const name = NAMES.get(encoding);
    if (name !== undefined) return this.#decoders.decode(name, rect, bytes, this.picture);
    if (encoding === -223) this.picture = new NoVncPicture(rect.width, rect.height);
    return encoding === -261 ? 1 : 0;
  }
}
