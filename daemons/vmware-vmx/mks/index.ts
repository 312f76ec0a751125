/**
 * daemons/vmware-vmx/mks: mouse, keyboard and screen of the VM. Owns who looks at it, and the VM's plain RFB port.
 *
 * Layers: display (the types) < vm-display (the picture's end at the VMX thread) | keymap < viewer-input < vm-input
 *         | mks (viewers), guess-limit < vnc-port < remote-display (the .vmx's keys).
 *
 * Invariants
 * - Ten viewers at most; each has its own session of lib/rfb, so none waits for another.
 * - What a viewer holds down is released when it leaves.
 * - A port that cannot be opened is logged; the VM runs without it.
 */
export type { Display, DisplayListener, InputSink, KeyboardLights, Rect } from './display.js';
export { GuessLimit } from './guess-limit.js';
export {
  MAX_VIEWERS,
  Mks,
  type MksOptions,
  type MksViewer,
  type PlainLogin,
  type ViewerEntry,
} from './mks.js';
export { listenAddress, openRemoteDisplay, type RemoteDisplay, readRemoteDisplay } from './remote-display.js';
export { VmDisplay } from './vm-display.js';
export { VmInput } from './vm-input.js';
export { VncPort, type VncPortOptions } from './vnc-port.js';
