import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { TestHost, TREE } from '../../test/harness/index.js';
import { DemoMachines } from '../../tools/esx/demo/demo-machines.js';
import { askInit, type InitStatus } from '../../tools/esx/init-client.js';
import { Progress } from '../../tools/esx/progress.js';
import { RootFolder } from '../../tools/esx/root-folder.js';
import { logIn } from '../../tools/esx/soap-session.js';
import { type UsedOverTime, usedOf } from './used-over-time.js';

const LOOK_SECONDS = 2;
const PHASE_SECONDS = 16;
const NAMES = ['demo-high', 'demo-low'] as const;
/** Shares of the two, one phase after the other. */
const PHASES: readonly (readonly [high: number, low: number])[] = [
  [2000, 1000],
  [1000, 1000],
  [1000, 3000],
  [4000, 1000],
];

interface Running {
  readonly host: TestHost;
  readonly root: RootFolder;
  readonly init: InitStatus;
  readonly environment: NodeJS.ProcessEnv;
}

/** Two VMs of `./esx demo cpu` on one PCPU of a host of our own, their shares changed while esxtop records. */
export async function recordShares(
  environment: NodeJS.ProcessEnv,
  note: (text: string) => void,
): Promise<UsedOverTime> {
  const host = new TestHost();
  try {
    await host.up();
    const root = new RootFolder(host.root);
    const init = await askInit(root.initSocket, 'status');
    if (init === undefined) throw new Error('the host does not run');
    const { status, stderr } = await host.esx(['demo', 'cpu', '--step', 'shares'], { timeoutMs: 120_000 });
    if (status !== 0) throw new Error(`./esx demo cpu failed: ${stderr}`);
    return await recordPhases({ host, root, init, environment }, note);
  } finally {
    await host.stop();
  }
}

async function recordPhases(
  { host, root, init, environment }: Running,
  note: (text: string) => void,
): Promise<UsedOverTime> {
  const kernel = await host.kernel();
  const client = await logIn(init, root.password());
  const work = { tree: TREE, environment, progress: new Progress(note, () => performance.now()) };
  const machines = new DemoMachines({ client, kernel, work, drafts: root.path });
  const { pcpus, pcpuMhz } = await kernel.call('hostInfo', {});
  const place = { pcpu: pcpus.length - 1, pcpuMhz };
  const high = await machines.make(NAMES[0]);
  const low = await machines.make(NAMES[1]);
  const esxtop = await Recording.start(root.vmkernelSocket, (PHASES.length * PHASE_SECONDS) / LOOK_SECONDS);
  try {
    const changes: { atSeconds: number; text: string }[] = [];
    for (const [at, [forHigh, forLow]] of PHASES.entries()) {
      await delay(at * PHASE_SECONDS * 1000 - esxtop.seconds() * 1000);
      const setting = (shares: number) => ({ shares, reservation: 0, limit: null });
      await machines.set(high, setting(forHigh), place);
      await machines.set(low, setting(forLow), place);
      changes.push({ atSeconds: esxtop.seconds(), text: `${forHigh} : ${forLow}` });
      note(`shares ${forHigh} : ${forLow}`);
    }
    return { ...usedOf(await esxtop.text(), NAMES, LOOK_SECONDS), changes };
  } finally {
    esxtop.stop();
    await client.logout().finally(() => client.close());
  }
}

/** An esxtop in batch mode; its time begins with its first look. */
class Recording {
  readonly #child: ReturnType<typeof spawn>;
  readonly #ended: Promise<unknown>;
  #chunks: Buffer[] = [];
  #startMs = 0;

  private constructor(socketPath: string, looks: number) {
    const main = join(TREE, 'dist/tools/esxtop/main.js');
    const args = [main, '--socket', socketPath, '-b', '-a', '-d', `${LOOK_SECONDS}`, '-n', `${looks}`];
    this.#child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child.stdout?.on('data', (chunk: Buffer) => this.#chunks.push(chunk));
    this.#ended = once(this.#child, 'close');
  }

  static async start(socketPath: string, looks: number): Promise<Recording> {
    const recording = new Recording(socketPath, looks);
    const { stdout } = recording.#child;
    if (stdout === null) throw new Error('esxtop has no output');
    await Promise.race([once(stdout, 'data'), recording.#ended]);
    recording.#startMs = performance.now();
    return recording;
  }

  seconds(): number {
    return (performance.now() - this.#startMs) / 1000;
  }

  async text(): Promise<string> {
    await this.#ended;
    return Buffer.concat(this.#chunks).toString('utf8');
  }

  stop(): void {
    this.#child.kill();
  }
}
