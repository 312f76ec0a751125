import type { HardwareInfo, HostInfo } from '../../../kernel/abi/index.js';
import type { VmkernelLink } from '../vmkernel/vmkernel-link.js';
import { type FigureSources, HostFigures } from './host-figures.js';
import { PoolFigures } from './pool-figures.js';
import { VmFigures } from './vm-figures.js';

/** What the VMkernel says of the host it runs: asked for once a connection; its figures are read when wanted. */
export class HostAccount {
  readonly #attach: (shmDir: string) => FigureSources | undefined;
  #info: HostInfo | undefined;
  #hardware: HardwareInfo | undefined;
  #sources: FigureSources | undefined;
  #figures: HostFigures | undefined;
  #vmFigures: VmFigures | undefined;
  #poolFigures: PoolFigures | undefined;

  /** @param attach maps the shared memory of a boot; undefined where there is none */
  constructor(attach: (shmDir: string) => FigureSources | undefined) {
    this.#attach = attach;
  }

  /** Undefined until the VMkernel has answered once. */
  get info(): HostInfo | undefined {
    return this.#info;
  }

  get hardware(): HardwareInfo | undefined {
    return this.#hardware;
  }

  /** The shared memory of the present boot. */
  get sources(): FigureSources | undefined {
    return this.#sources;
  }

  get figures(): HostFigures | undefined {
    return this.#figures;
  }

  get vmFigures(): VmFigures | undefined {
    return this.#vmFigures;
  }

  get poolFigures(): PoolFigures | undefined {
    return this.#poolFigures;
  }

  async read(link: VmkernelLink): Promise<void> {
    const info = await link.call('hostInfo', {});
    this.#hardware = await link.call('hardwareInfo', {});
    if (info.bootId !== this.#info?.bootId) {
      const sources = this.#attach(info.shmDir);
      this.#sources = sources;
      this.#figures = sources && new HostFigures(sources);
      this.#vmFigures = sources && new VmFigures(sources);
      this.#poolFigures = sources && new PoolFigures(sources);
    }
    this.#info = info;
  }
}
