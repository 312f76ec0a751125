import type { Measured, Row, Target } from '../result.js';
import { median, percentile } from '../statistics.js';
import type { Fuzzed } from './fuzz.js';
import type { EncodingName, Look } from './looks.js';
import { SERVERS, type ServerName } from './screens.js';

const KINDS = ['text', 'graphics'] as const;
export type Kind = (typeof KINDS)[number];
const WAYS = ['ours', 'ticket', 'qemu'] as const;

export interface Case {
  readonly kind: Kind;
  readonly viewers: number;
  readonly encoding: EncodingName;
}

export interface ConsoleResults {
  readonly looks: (Case & Look & { readonly server: ServerName })[];
  readonly pictures: { readonly way: (typeof WAYS)[number]; readonly ms: number }[];
  readonly keys: { readonly server: ServerName; readonly kind: Kind; readonly latencies: number[] }[];
  /** CPU of the service console's processes while ours was looked at, % of a core. */
  readonly consolePercent: number[];
}

export const TARGETS: readonly Target[] = [
  { figure: 'console_world_cpu_percent', atMost: 0.5 },
  { figure: 'console_first_picture_ratio', atMost: 1.5 },
  { figure: 'console_fuzz_rss_growth_mb', atMost: 60 },
  { figure: 'console_fuzz_other_viewer_fps', atLeast: 5 },
  ...KINDS.flatMap(kind => [
    { figure: `console_${kind}_tight_v1_fps_ratio`, atLeast: 0.9 },
    { figure: `console_${kind}_tight_v10_fps_ratio`, atLeast: 0.9 },
    { figure: `console_${kind}_tight_v1_bytes_ratio`, atMost: 1.1 },
    { figure: `console_${kind}_key_ratio`, atMost: 1 },
  ]),
];

export function cases(): Case[] {
  return KINDS.flatMap(kind => [
    { kind, viewers: 0, encoding: 'tight' as const },
    { kind, viewers: 1, encoding: 'tight' as const },
    { kind, viewers: 10, encoding: 'tight' as const },
    { kind, viewers: 1, encoding: 'zrle' as const },
  ]);
}

export function summary(results: ConsoleResults, fuzzed: Fuzzed): Measured {
  const figures: Record<string, number> = { console_world_cpu_percent: median(results.consolePercent) };
  const rows = [
    ...cases().flatMap(one => SERVERS.map(server => lookRow(results, one, server, figures))),
    ...pictureRows(results, figures),
    ...KINDS.flatMap(kind => SERVERS.map(server => keyRow(results, kind, server, figures))),
  ];
  ratios(figures);
  figures.console_fuzz_bytes = fuzzed.bytes;
  figures.console_fuzz_connections = fuzzed.connections;
  figures.console_fuzz_rss_growth_mb = fuzzed.rssGrowthMb;
  figures.console_fuzz_other_viewer_fps = fuzzed.otherFps;
  return { figures, rows };
}

function lookRow(
  { looks }: ConsoleResults,
  { kind, viewers, encoding }: Case,
  server: ServerName,
  figures: Record<string, number>,
): Row {
  const same = (count: number, name: EncodingName) =>
    looks.filter(
      one => one.kind === kind && one.viewers === count && one.encoding === name && one.server === server,
    );
  const all = same(viewers, encoding);
  const fps = median(all.map(one => one.fps));
  const cpu = median(all.map(one => one.cpuPercent));
  const idle = median(same(0, 'tight').map(one => one.cpuPercent));
  const frameKb = median(all.map(one => one.frameKb));
  const name = `console_${kind}_${encoding}_v${viewers}_${server}`;
  figures[`${name}_cpu_percent`] = cpu;
  if (viewers > 0) {
    figures[`${name}_fps`] = fps;
    figures[`${name}_frame_kb`] = frameKb;
    figures[`${name}_frame_cpu_ms`] = ((cpu - idle) * 10) / (fps * viewers);
  }
  return {
    screen: kind,
    viewers,
    encoding: viewers === 0 ? '' : encoding,
    server,
    'frames/s': fps,
    'worst viewer': median(all.map(one => one.worstFps)),
    'kB a frame': frameKb,
    'CPU %': cpu,
    'more than without viewers': cpu - idle,
  };
}

function pictureRows({ pictures }: ConsoleResults, figures: Record<string, number>): Row[] {
  return WAYS.map(way => {
    const ms = pictures.filter(one => one.way === way).map(one => one.ms);
    figures[`console_first_picture_${way}_ms`] = median(ms);
    return { 'first picture': way, 'median ms': median(ms), 'p90 ms': percentile(ms, 0.9) };
  });
}

function keyRow(
  { keys }: ConsoleResults,
  kind: Kind,
  server: ServerName,
  figures: Record<string, number>,
): Row {
  const ms = keys.filter(one => one.kind === kind && one.server === server).flatMap(one => one.latencies);
  figures[`console_${kind}_key_${server}_ms`] = median(ms);
  return { 'key to pixels': kind, server, 'median ms': median(ms), 'p90 ms': percentile(ms, 0.9) };
}

/** Ours ÷ QEMU's. */
function ratios(figures: Record<string, number>): void {
  const ratio = (name: string, ours: string, qemu: string) => {
    figures[name] = (figures[ours] ?? Number.NaN) / (figures[qemu] ?? Number.NaN);
  };
  ratio('console_first_picture_ratio', 'console_first_picture_ours_ms', 'console_first_picture_qemu_ms');
  for (const kind of KINDS) {
    const tight = `console_${kind}_tight`;
    ratio(`console_${kind}_key_ratio`, `console_${kind}_key_ours_ms`, `console_${kind}_key_qemu_ms`);
    for (const viewers of [1, 10])
      ratio(
        `${tight}_v${viewers}_fps_ratio`,
        `${tight}_v${viewers}_ours_fps`,
        `${tight}_v${viewers}_qemu_fps`,
      );
    ratio(`${tight}_v1_bytes_ratio`, `${tight}_v1_ours_frame_kb`, `${tight}_v1_qemu_frame_kb`);
  }
}
