import { VmkernelError } from '../../kernel/abi/index.js';
import type { SerialPorts } from './serial/index.js';

/** The engine's only CD drive. */
export const CD_DRIVE = 'ide1:0';

export interface ConnectionsOptions {
  readonly serials: SerialPorts;
  /** Whether the .vmx has the CD drive, and whether an image was opened for it at power-on. */
  readonly hasDrive: boolean;
  readonly hasImage: boolean;
  insert(inserted: boolean): void;
}

/** Devices of the running VM that are connected and disconnected: serial ports, and the image in the CD drive. */
export class Connections {
  readonly #options: ConnectionsOptions;
  #inserted: boolean;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
    this.#inserted = options.hasImage;
  }

  get all(): Record<string, boolean> {
    const { serials, hasDrive } = this.#options;
    return { ...serials.connections, ...(hasDrive ? { [CD_DRIVE]: this.#inserted } : {}) };
  }

  /**
   * Looks at all before it changes any. @returns what makes the changes
   * @throws VmkernelError NotSupported {device} for a device that cannot be connected or disconnected
   */
  plan(wanted: Readonly<Record<string, boolean>>): () => Promise<void> {
    const steps = Object.entries(wanted).map(([device, connected]) => this.#step(device, connected));
    return async () => {
      for (const step of steps) await step();
    };
  }

  #step(device: string, connected: boolean): () => Promise<void> {
    const { serials, hasImage, insert } = this.#options;
    if (device.toLowerCase() !== CD_DRIVE) {
      const index = serials.indexOf(device);
      return () => serials.setConnected(index, connected);
    }
    if (connected && !hasImage)
      throw new VmkernelError('NotSupported', 'No image was opened for the CD drive at power-on', { device });
    return async () => {
      if (connected === this.#inserted) return;
      this.#inserted = connected;
      insert(connected);
    };
  }
}
