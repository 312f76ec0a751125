/**
 * bench ssh: the service console's sshd beside OpenSSH's, both through OpenSSH's clients with their own defaults.
 *
 *   open-ssh-server   the other server    ssh-client   what is timed
 *
 * - In turns on one machine; a figure's ratio is the median of the pairs' ratios.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchContext, Benchmark, Measured, Row } from '../result.js';
import { SoapHost } from '../soap-host.js';
import { median } from '../statistics.js';
import { OpenSshServer } from './open-ssh-server.js';
import { SshClient } from './ssh-client.js';

const RUNS = 5;
const EXECS = 10;
const FILE_BYTES = 200_000_000;
const QUICK_FILE_BYTES = 20_000_000;
const WORK = ['exec', 'session', 'scp_up', 'scp_down'] as const;
type Work = (typeof WORK)[number];
const UNITS: Readonly<Record<Work, string>> = {
  exec: 'per_s',
  session: 'per_s',
  scp_up: 'mb_s',
  scp_down: 'mb_s',
};

/** A server under test, and where its files are for the client and for itself. */
interface Side {
  readonly name: 'ours' | 'openssh';
  readonly port: number;
  readonly remoteFile: string;
  readonly remoteTarget: string;
}

export const ssh: Benchmark = {
  name: 'ssh',
  about: "the console's sshd beside OpenSSH's: commands per second, scp throughput",
  targets: WORK.map(work => ({ figure: `ssh_${work}_ratio`, atLeast: 0.5 })),
  run,
};

async function run(context: BenchContext): Promise<Measured> {
  const folder = join(context.folder, 'ssh');
  mkdirSync(folder);
  const client = new SshClient(folder);
  const file = join(folder, 'file');
  const sizeBytes = context.quick ? QUICK_FILE_BYTES : FILE_BYTES;
  writeFileSync(file, Buffer.alloc(sizeBytes, 'openesx '));
  const host = await SoapHost.up(context);
  const rates = new Map<string, number[]>();
  try {
    const openssh = await OpenSshServer.start(context, client.publicKey);
    try {
      host.authorizeKey(client.publicKey);
      const sides: readonly Side[] = [
        { name: 'ours', port: host.sshPort, remoteFile: '/tmp/file', remoteTarget: '/tmp/target' },
        { name: 'openssh', port: openssh.port, remoteFile: file, remoteTarget: join(folder, 'target') },
      ];
      for (const side of sides) await client.upload(side.port, file, side.remoteFile);
      for (let i = 0; i < (context.runs ?? (context.quick ? 1 : RUNS)); i++)
        for (const side of sides)
          for (const work of WORK) {
            const rate = await measure(work, { client, side, folder, sizeBytes });
            context.note(`${work} ${side.name}: ${rate.toFixed(1)} ${UNITS[work]}`);
            const key = `${work} ${side.name}`;
            rates.set(key, [...(rates.get(key) ?? []), rate]);
          }
    } finally {
      await openssh.stop();
    }
  } finally {
    await host.stop();
  }
  rmSync(folder, { recursive: true });
  return summary(rates);
}

interface Place {
  readonly client: SshClient;
  readonly side: Side;
  readonly folder: string;
  readonly sizeBytes: number;
}

/** @returns commands per second, or 10⁶ bytes per second */
async function measure(work: Work, { client, side, folder, sizeBytes }: Place): Promise<number> {
  const { port, remoteFile, remoteTarget } = side;
  if (work === 'exec') return (EXECS * 1000) / (await client.execs(port, EXECS));
  if (work === 'session') return (EXECS * 1000) / (await client.sessions(port, EXECS));
  const elapsedMs =
    work === 'scp_up'
      ? await client.upload(port, join(folder, 'file'), remoteTarget)
      : await client.download(port, remoteFile, join(folder, 'back'));
  return sizeBytes / 1000 / elapsedMs;
}

function summary(rates: ReadonlyMap<string, readonly number[]>): Measured {
  const figures: Record<string, number> = {};
  const rows: Row[] = WORK.map(work => {
    const ours = rates.get(`${work} ours`) ?? [];
    const openssh = rates.get(`${work} openssh`) ?? [];
    const ratio = median(ours.map((rate, i) => rate / (openssh[i] ?? Number.NaN)));
    figures[`ssh_${work}_ours_${UNITS[work]}`] = median(ours);
    figures[`ssh_${work}_openssh_${UNITS[work]}`] = median(openssh);
    figures[`ssh_${work}_ratio`] = ratio;
    return { work, unit: UNITS[work], ours: median(ours), openssh: median(openssh), ratio };
  });
  return { figures, rows };
}
