import type { PrivateApt } from './apt/private-apt.js';
import type { Workshop } from './workshop.js';

export interface GuestRecipe {
  readonly name: string;
  /** Folders under guests/ whose content decides the result. */
  readonly sources: readonly string[];
  /** Debian packages whose versions decide the result. */
  packages(apt: PrivateApt): Promise<readonly string[]>;
  /** Puts NAME.vmx, NAME.vmdk and NAME-flat.vmdk into `folder`. */
  build(workshop: Workshop, apt: PrivateApt, folder: string): Promise<void>;
}
