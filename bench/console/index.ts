/**
 * bench console: the screen of a VM beside QEMU's own VNC server, with the same guest (asm-mover) and the same viewers.
 *
 *   plain-login, rect-bytes < measured-viewer   the viewer: counts, does not decode
 *   screens                                     what is looked at: ours, QEMU's
 *   looks                                       what is timed < figures (tables)
 *   noise < fuzz                                nonsense, and how the VM and other viewers bear it
 *
 * - Both run all the time; the one that is not looked at stands still.
 * - A process's CPU is its guest's too: what viewers cost is the difference to no viewers.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Images } from '../images.js';
import { cpuDuring } from '../processes.js';
import type { BenchContext, Benchmark, Measured } from '../result.js';
import { SoapHost } from '../soap-host.js';
import { median, sum } from '../statistics.js';
import { type Case, type ConsoleResults, cases, summary, TARGETS } from './figures.js';
import { fuzz } from './fuzz.js';
import { firstPicture, firstPictureByTicket, keyLatencies, look } from './looks.js';
import { type OurScreen, ourScreen, qemuScreen, type Screen } from './screens.js';

const ROUNDS = 3;
const WINDOW_MS = 4000;
const QUICK_WINDOW_MS = 1000;
const PICTURES = 9;
const KEYS = 20;
const FUZZ_BYTES = 10_000_000;
const QUICK_FUZZ_BYTES = 200_000;
const FUZZ_SEED = 35;
const MOTIONS = { text: 't', graphics: 'g' } as const;

export const consoleBench: Benchmark = {
  name: 'console',
  about: "a VM's screen beside QEMU's VNC server: pictures, keys, bytes, CPU, 1 and 10 viewers",
  targets: TARGETS,
  run,
};

async function run(context: BenchContext): Promise<Measured> {
  const folder = join(context.folder, 'console');
  mkdirSync(folder);
  const images = await Images.build(['asm-mover'], join(folder, 'images'), context.note);
  const host = await SoapHost.up(context);
  try {
    const ours = await ourScreen(host, images);
    const { screen: qemu, peer } = await qemuScreen(context, images, folder);
    try {
      const results = await measure(context, host, [ours, qemu]);
      context.note("nonsense at the VM's port");
      const fuzzed = await fuzz(ours, context.quick ? QUICK_FUZZ_BYTES : FUZZ_BYTES, FUZZ_SEED);
      return summary(results, fuzzed);
    } finally {
      await peer.stop();
      await ours.stop();
    }
  } finally {
    await host.stop();
    rmSync(folder, { recursive: true });
  }
}

async function measure(
  context: BenchContext,
  host: SoapHost,
  screens: readonly [OurScreen, Screen],
): Promise<ConsoleResults> {
  const results: ConsoleResults = { looks: [], pictures: [], keys: [], consolePercent: [] };
  const windowMs = context.quick ? QUICK_WINDOW_MS : WINDOW_MS;
  for (let round = 0; round < (context.runs ?? (context.quick ? 1 : ROUNDS)); round++) {
    for (const one of cases())
      for (const screen of screens)
        await lookOnce(screen, one, { host, windowMs, results, note: context.note });
    for (const kind of ['text', 'graphics'] as const)
      for (const screen of screens) {
        const latencies = await keyLatencies(screen, MOTIONS[kind], KEYS);
        results.keys.push({ server: screen.name, kind, latencies });
        context.note(`keys ${kind} ${screen.name}: ${median(latencies).toFixed(1)} ms`);
      }
    for (let i = 0; i < PICTURES; i++) {
      for (const screen of screens)
        results.pictures.push({ way: screen.name, ms: await firstPicture(screen) });
      results.pictures.push({ way: 'ticket', ms: await firstPictureByTicket(screens[0]) });
    }
  }
  return results;
}

interface Place {
  readonly host: SoapHost;
  readonly windowMs: number;
  readonly results: ConsoleResults;
  readonly note: (text: string) => void;
}

async function lookOnce(screen: Screen, one: Case, { host, windowMs, results, note }: Place): Promise<void> {
  const { kind, viewers, encoding } = one;
  await screen.order(MOTIONS[kind]);
  const looking = look(screen, { viewers, encoding, windowMs });
  const { wallUs, usedUs } = await cpuDuring(host.consoleProcesses(), () => looking);
  if (screen.name === 'ours') results.consolePercent.push((sum(usedUs) / wallUs) * 100);
  const seen = await looking;
  await screen.order('s');
  results.looks.push({ ...one, server: screen.name, ...seen });
  const figures = `${seen.fps.toFixed(1)} fps, ${seen.frameKb.toFixed(2)} kB, ${seen.cpuPercent.toFixed(1)} %`;
  note(`${kind} ${screen.name} ${viewers} × ${encoding}: ${figures}`);
}
