import { setTimeout as delay } from 'node:timers/promises';
import { Encoding } from '../../lib/rfb/index.js';
import { median } from '../statistics.js';
import { MeasuredViewer } from './measured-viewer.js';
import type { Motion, OurScreen, Screen } from './screens.js';

/** What viewers ask for, besides CopyRect: TigerVNC and noVNC begin with Tight. */
export const ENCODINGS = { tight: Encoding.tight, zrle: Encoding.zrle } as const;
export type EncodingName = keyof typeof ENCODINGS;

const SETTLE_MS = 700;
const KEYSYM_A = 0x61;
/** Keys come at no rhythm of the servers'. */
const KEY_GAP_MS = { least: 100, spread: 150 } as const;

export interface LookOptions {
  readonly viewers: number;
  readonly encoding: EncodingName;
  readonly windowMs: number;
}

/** One window of time with viewers. */
export interface Look {
  /** Frames a second of the viewer in the middle. */
  readonly fps: number;
  readonly worstFps: number;
  /** Of one viewer. */
  readonly frameKb: number;
  /** Of the machine's process, guest included: % of a core. */
  readonly cpuPercent: number;
}

export const openViewer = async (
  screen: Pick<Screen, 'connect'>,
  encoding: EncodingName,
): Promise<MeasuredViewer> =>
  MeasuredViewer.open(await screen.connect(), [ENCODINGS[encoding], Encoding.copyRect, Encoding.raw]);

export async function look(
  screen: Screen,
  { viewers: count, encoding, windowMs }: LookOptions,
): Promise<Look> {
  const viewers: MeasuredViewer[] = [];
  try {
    for (let i = 0; i < count; i++) viewers.push(await openViewer(screen, encoding));
    await delay(SETTLE_MS);
    const read = () => ({
      atMs: performance.now(),
      usedUs: screen.cpuUs(),
      frames: viewers.map(viewer => viewer.frames),
      bytes: viewers.reduce((total, viewer) => total + viewer.bytes, 0),
    });
    const before = read();
    await delay(windowMs);
    const after = read();
    const seconds = (after.atMs - before.atMs) / 1000;
    const frames = after.frames.map((now, i) => now - (before.frames[i] ?? 0));
    const allFrames = frames.reduce((total, each) => total + each, 0);
    return {
      fps: count === 0 ? 0 : median(frames) / seconds,
      worstFps: count === 0 ? 0 : Math.min(...frames) / seconds,
      frameKb: allFrames === 0 ? 0 : (after.bytes - before.bytes) / allFrames / 1000,
      cpuPercent: (after.usedUs - before.usedUs) / 10_000 / seconds,
    };
  } finally {
    for (const viewer of viewers) viewer.close();
  }
}

/** From the first packet of a plain viewer to its first whole picture, ms. */
export async function firstPicture(screen: Screen): Promise<number> {
  const startMs = performance.now();
  (await openViewer(screen, 'tight')).close();
  return performance.now() - startMs;
}

/** From a ticket in hand: authd, TLS, hand-over, TLS, picture. */
export async function firstPictureByTicket(screen: OurScreen): Promise<number> {
  const ticket = await screen.ticket();
  const startMs = performance.now();
  const viewer = await openViewer({ connect: () => screen.connectByTicket(ticket) }, 'tight');
  viewer.close();
  return performance.now() - startMs;
}

/** From keys, pressed one after the other on a screen that stands still, to the pixels that they change, ms each. */
export async function keyLatencies(screen: Screen, motion: Motion, count: number): Promise<number[]> {
  await screen.order(motion);
  await screen.order('s');
  const viewer = await openViewer(screen, 'tight');
  const latencies: number[] = [];
  try {
    for (let i = 0; i < count; i++) {
      await delay(KEY_GAP_MS.least + Math.random() * KEY_GAP_MS.spread);
      const startMs = performance.now();
      const seen = viewer.pixel(0, 0);
      viewer.key(KEYSYM_A, true);
      await seen;
      latencies.push(performance.now() - startMs);
      viewer.key(KEYSYM_A, false);
    }
  } finally {
    viewer.close();
  }
  return latencies;
}
