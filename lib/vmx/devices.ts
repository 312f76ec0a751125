import type { VmxDocument } from './document.js';

/** A device that the .vmx says is present and that the typed view does not describe further. */
export interface PresentDevice {
  /** The name in the .vmx: scsi0, ethernet0, floppy0, ide1:0, serial2, sound, usb … */
  readonly name: string;
  /** What the file says of its type: virtualDev, deviceType or fileType. */
  readonly type?: string;
}

/** Parts of the virtual chipset that every engine has or that have no register of their own. */
const CHIPSET = /^(?:pcibridge\d+|ide\d+|svga|vga|hpet\d*|mouse|keyboard|serial\d+)$/;

/** Names X of all `X.present = TRUE`, in file order, without the chipset and without `described`. */
export function presentDevices(document: VmxDocument, described: ReadonlySet<string>): PresentDevice[] {
  return document.keys().flatMap(key => {
    const folded = key.toLowerCase();
    if (!folded.endsWith('.present')) return [];
    const name = folded.slice(0, -'.present'.length);
    if (CHIPSET.test(name) || described.has(name) || document.getBool(key) !== true) return [];
    const type = ['virtualDev', 'deviceType', 'fileType']
      .map(k => document.get(`${name}.${k}`))
      .find(Boolean);
    return [type === undefined ? { name } : { name, type }];
  });
}
