import { readFileSync } from 'node:fs';
import type { BareMachine, SliceFigures } from './bare-machine.js';

export interface SessionOptions {
  readonly prompt: RegExp;
  readonly lines: readonly string[];
  readonly idleSeconds: number;
  readonly timeoutMs: number;
}

export interface SessionReport {
  readonly bootMs: number;
  readonly bootCpuMs: number;
  readonly instructions: number;
  readonly translations: number;
  readonly slices: SliceFigures;
  readonly commands: { line: string; ms: number; cpuMs: number; instructions: number; output: string }[];
  readonly idle: { seconds: number; cpuPercent: number; sleepsPerSecond: number } | undefined;
  readonly pssKb: number;
  readonly rssKb: number;
}

const LOOK_EVERY_MS = 2;

/** Drives the shell on serial port 0: boot, command lines, an idle spell. */
export async function runSession(machine: BareMachine, options: SessionOptions): Promise<SessionReport> {
  const start = performance.now();
  await until(() => options.prompt.test(machine.text.slice(-40)), options.timeoutMs, machine);
  const bootMs = performance.now() - start;
  const bootCpuMs = cpuMs();
  const { instructions, translations } = machine;
  const slices = { ...machine.figures, histogram: [...machine.figures.histogram] };
  const commands = [];
  for (const line of options.lines) commands.push(await runLine(machine, line, options.timeoutMs));
  const idle = options.idleSeconds > 0 ? await idleSpell(machine, options.idleSeconds) : undefined;
  return { bootMs, bootCpuMs, instructions, translations, slices, commands, idle, ...memory() };
}

async function runLine(machine: BareMachine, line: string, timeoutMs: number) {
  const from = machine.text.length;
  const cpu = cpuMs();
  const { instructions } = machine;
  const start = performance.now();
  machine.send(`${line}; echo E""ND_OF_LINE\n`);
  await until(() => machine.text.includes('END_OF_LINE', from), timeoutMs, machine);
  const output = machine.text.slice(from).replaceAll('\r', '').split('\n').slice(1, -1).join('\n');
  return {
    line,
    ms: performance.now() - start,
    cpuMs: cpuMs() - cpu,
    instructions: machine.instructions - instructions,
    output,
  };
}

async function idleSpell(machine: BareMachine, seconds: number) {
  await pause(3000);
  const cpu = cpuMs();
  const { sleeps } = machine.figures;
  const start = performance.now();
  await pause(seconds * 1000);
  const tookMs = performance.now() - start;
  return {
    seconds: tookMs / 1000,
    cpuPercent: ((cpuMs() - cpu) / tookMs) * 100,
    sleepsPerSecond: ((machine.figures.sleeps - sleeps) / tookMs) * 1000,
  };
}

const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));

async function until(met: () => boolean, timeoutMs: number, machine: BareMachine): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!met()) {
    if (performance.now() > end)
      throw new Error(`timed out; the guest said last:\n${machine.text.slice(-1500)}`);
    await pause(LOOK_EVERY_MS);
  }
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function memory(): { pssKb: number; rssKb: number } {
  const text = readFileSync('/proc/self/smaps_rollup', 'utf8');
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0);
  return { pssKb: field('Pss'), rssKb: field('Rss') };
}
