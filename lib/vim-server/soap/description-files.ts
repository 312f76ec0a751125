import {
  type ApiVersion,
  escapeAttribute,
  loadVimSchema,
  serviceVersionsXml,
  type WsdlFileName,
  WsdlSet,
  wsdlFileNames,
} from '../../vim/index.js';

/** Where the port's address stands in a kept file until a client asks for it by its own name of the host. */
const addressPlaceholder = 'https://localhost/sdk/vimService';

/** vimServiceVersions.xml and the WSDL set, made when first asked for and then kept. */
export class DescriptionFiles {
  readonly #version: () => ApiVersion;
  readonly #files = new Map<string, Buffer>();
  #madeOf: ApiVersion;

  /** @param version the newest one that is described; it may change */
  constructor(version: () => ApiVersion) {
    this.#version = version;
    this.#madeOf = version();
  }

  /** The file of that name below /sdk, or undefined. */
  find(name: string, hostHeader: string | undefined): Buffer | undefined {
    if (name === 'vimServiceVersions.xml') return Buffer.from(serviceVersionsXml(this.#version()));
    const known = wsdlFileNames.find(file => file === name);
    if (known === undefined) return undefined;
    const file = this.#made(known);
    if (
      known !== 'vimService.wsdl' ||
      hostHeader === undefined ||
      !/^[A-Za-z0-9.:[\]_-]{1,255}$/.test(hostHeader)
    ) {
      return file;
    }
    const address = `https://${escapeAttribute(hostHeader)}/sdk/vimService`;
    return Buffer.from(file.toString().replace(addressPlaceholder, address));
  }

  #made(name: WsdlFileName): Buffer {
    const version = this.#version();
    if (version !== this.#madeOf) this.#files.clear();
    this.#madeOf = version;
    const kept = this.#files.get(name);
    if (kept !== undefined) return kept;
    // A schema of its own: the definitions that only these files need are not kept.
    const file = Buffer.from(new WsdlSet(loadVimSchema(), version).file(name, addressPlaceholder));
    this.#files.set(name, file);
    return file;
  }
}
