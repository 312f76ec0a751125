import type { Duplex } from 'node:stream';
import { RemoteDisplay } from '../../../lib/rfb/index.js';

/** A viewer that counts: it always has a request open, as a viewer with a window does. */
export class MovingPicture {
  readonly display: RemoteDisplay;
  #frames = 0;
  #ended: string | undefined;

  private constructor(display: RemoteDisplay) {
    this.display = display;
    const drawn = (): void => {
      this.#frames++;
      display.request();
    };
    display.on({ changed: drawn, resized: drawn });
    display.request();
  }

  /** @param stream at RFB's ServerInit */
  static async open(stream: Duplex): Promise<MovingPicture> {
    const notes: { ended?: string } = {};
    let picture: MovingPicture | undefined;
    const display = await RemoteDisplay.open({
      stream,
      ended: reason => {
        notes.ended = reason;
        if (picture !== undefined) picture.#ended = reason;
      },
    });
    picture = new MovingPicture(display);
    picture.#ended = notes.ended;
    return picture;
  }

  get frames(): number {
    return this.#frames;
  }

  /** Why the connection is over; undefined while it is not. */
  get ended(): string | undefined {
    return this.#ended;
  }
}
