import { readdirSync, readFileSync } from 'node:fs';

const SIGKILL_DELAY_MS = 2000;

/** The processes of session `sid` (setsid(2)), from /proc/<pid>/stat. */
export function processesOfSession(sid: number): number[] {
  const found: number[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    if (sessionOf(name) === sid) found.push(Number(name));
  }
  return found;
}

function sessionOf(pid: string): number {
  try {
    // The name in parentheses may contain anything; after it: state, ppid, pgrp, session.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? -1 : Number(fields[3]);
  } catch {
    return -1; // it ended while we looked
  }
}

/** Sends a signal to every process of a session. @returns how many there were */
export function signalSession(sid: number, signal: NodeJS.Signals): number {
  if (sid <= 0) return 0; // it was never started
  const pids = processesOfSession(sid);
  for (const pid of pids) signalIfThere(pid, signal);
  return pids.length;
}

/** SIGHUP as a lost line gives it; what is left after two seconds is killed. */
export function endSession(sid: number): void {
  signalSession(sid, 'SIGHUP');
  signalSession(sid, 'SIGCONT');
  setTimeout(() => signalSession(sid, 'SIGKILL'), SIGKILL_DELAY_MS).unref();
}

export function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
