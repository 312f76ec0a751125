import type { MessagePort } from 'node:worker_threads';
import type { VmxStart } from '../../kernel/abi/index.js';
import type { TextScreen } from './engine/index.js';

/** What the VMX thread tells the VMM thread; each message is followed by a kick of its doorbell. */
export type ToVmm =
  | { readonly type: 'serialInput'; readonly index: number; readonly bytes: Uint8Array }
  | { readonly type: 'reset'; readonly id: number }
  | { readonly type: 'readScreen'; readonly id: number }
  /** The image is put into the CD drive or taken out. */
  | { readonly type: 'cdrom'; readonly inserted: boolean }
  /** A write that found no space is tried again, and the guest goes on. */
  | { readonly type: 'resume' }
  | { readonly type: 'stop' };

export type FromVmm =
  /** RAM is mapped and behind userfaultfd; the engine goes on as far as the VMkernel serves faults. */
  | {
      readonly type: 'ramMapped';
      readonly tid: number;
      readonly address: number;
      readonly userfaultfd: number;
    }
  /** The machine is built; the thread waits for its first grant. */
  | { readonly type: 'ready' }
  | { readonly type: 'serialOutput'; readonly index: number; readonly bytes: Uint8Array }
  /** So many bytes of input have reached the guest. */
  | { readonly type: 'serialTaken'; readonly index: number; readonly count: number }
  | { readonly type: 'screen'; readonly id: number; readonly screen: TextScreen }
  | { readonly type: 'resetDone'; readonly id: number }
  /** A write to this disk found no space: the guest is paused until `resume`. */
  | { readonly type: 'noSpace'; readonly disk: number }
  | { readonly type: 'log'; readonly text: string }
  | { readonly type: 'softOff' }
  | { readonly type: 'trap'; readonly reason: string; readonly instructions: number }
  | { readonly type: 'failed'; readonly code: string; readonly reason: string }
  | { readonly type: 'stopped' };

export interface VmmThreadData {
  readonly start: VmxStart;
  readonly serialPorts: number;
  readonly port: MessagePort;
  /** Word 0 becomes 1 when the VMkernel grants: the thread may report itself runnable. */
  readonly gate: SharedArrayBuffer;
}
