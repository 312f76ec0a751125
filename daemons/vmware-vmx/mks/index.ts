/**
 * daemons/vmware-vmx/mks: mouse, keyboard and screen of the VM. Owns who looks at it, and the VM's plain RFB port.
 *
 * Layers: display (the types) | remote-display (the .vmx's keys), guess-limit < mks (viewers) < vnc-port.
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
export { listenAddress, type RemoteDisplay, readRemoteDisplay } from './remote-display.js';
export { VncPort, type VncPortOptions } from './vnc-port.js';
