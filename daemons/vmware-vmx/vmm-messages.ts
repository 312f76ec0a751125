import type { MessagePort } from 'node:worker_threads';
import type { VmxStart } from '../../kernel/abi/index.js';
import type { CpuidMask } from '../../lib/vmx/index.js';
import type { Area } from './devices/vga/index.js';
import type { PointerEvent, TextScreen } from './engine/index.js';

/** Int32 words that both threads of a vmx use for the picture; they start as 0. */
export const PictureWord = {
  /** 1: a viewer waits for a change. Set by the VMX thread, cleared by the VMM thread when it sends one. */
  wanted: 0,
  /** What the VMM thread does: VmmActivity. */
  activity: 1,
} as const;
export const PICTURE_WORDS_BYTES = 8;

export const VmmActivity = {
  /** It looks at `wanted` by itself. */
  running: 0,
  /** It sleeps, and the guest may have drawn since the last capture. */
  asleep: 1,
  /** It sleeps, and the last capture shows what the guest drew. */
  asleepSeen: 2,
} as const;

/** What the VMX thread tells the VMM thread; each message is followed by a kick of its doorbell. */
export type ToVmm =
  | { readonly type: 'serialInput'; readonly index: number; readonly bytes: Uint8Array }
  | { readonly type: 'reset'; readonly id: number }
  | { readonly type: 'readScreen'; readonly id: number }
  /** Answered by `pictureRead`, after what changed was told. */
  | { readonly type: 'readPicture'; readonly id: number }
  /** No viewer is left: the picture's memory is freed. */
  | { readonly type: 'forgetPicture' }
  /** Scancodes of set 1, bounded by the VMX thread. */
  | { readonly type: 'keys'; readonly bytes: Uint8Array }
  | { readonly type: 'pointer'; readonly events: readonly PointerEvent[] }
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
  /** Another size or mode; the picture lies in this memory from now on. */
  | {
      readonly type: 'pictureResized';
      readonly width: number;
      readonly height: number;
      readonly mode: 'text' | 'graphics';
      readonly buffer: SharedArrayBuffer;
    }
  | { readonly type: 'pictureChanged'; readonly areas: readonly Area[] }
  | { readonly type: 'pictureRead'; readonly id: number }
  /** So many scancodes have reached the guest's keyboard controller, or were dropped by a reset. */
  | { readonly type: 'keysTaken'; readonly count: number }
  /** The pointer's events have reached the guest's mouse; the next may be sent. */
  | { readonly type: 'pointerTaken' }
  /** Bits of the keyboard's lights: 1 Scroll Lock, 2 Num Lock, 4 Caps Lock. */
  | { readonly type: 'lights'; readonly bits: number }
  /** Whether the guest takes positions of the pointer. */
  | { readonly type: 'pointerMode'; readonly absolute: boolean }
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
  readonly cpuid: readonly CpuidMask[];
  readonly port: MessagePort;
  /** Word 0 becomes 1 when the VMkernel grants: the thread may report itself runnable. */
  readonly gate: SharedArrayBuffer;
  /** See PictureWord. */
  readonly pictureWords: SharedArrayBuffer;
}
