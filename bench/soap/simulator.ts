import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { installPackages } from '../../tools/esx/debian-packages.js';
import { cpuUs, rssMb } from '../processes.js';
import type { BenchContext } from '../result.js';
import type { SoapServer } from './soap-server.js';

/** Debian packages that the other server is built of. */
const SIMULATOR_PACKAGES: readonly string[] = ['golang-go', 'golang-github-vmware-govmomi-dev'];

/** govmomi's simulator of one ESX host, with as many VMs as its argument says, all powered off. */
const MAIN = `package main
import ("crypto/tls"; "fmt"; "os"; "strconv"; "github.com/vmware/govmomi/simulator")
func main() {
	m := simulator.ESX()
	m.Autostart = false
	m.Machine, _ = strconv.Atoi(os.Args[1])
	if err := m.Create(); err != nil { panic(err) }
	m.Service.TLS = new(tls.Config)
	fmt.Println(m.Service.NewServer().URL)
	select {}
}
`;

/** Builds the other server. @returns its program */
export async function buildSimulator({ folder, note }: BenchContext): Promise<string> {
  const source = join(folder, 'simulator.go');
  const program = join(folder, 'simulator');
  writeFileSync(source, MAIN);
  await installPackages(SIMULATOR_PACKAGES, process.env);
  note('building the simulator');
  const go = spawn('go', ['build', '-o', program, source], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: {
      PATH: process.env.PATH,
      GO111MODULE: 'off',
      GOPATH: '/usr/share/gocode',
      GOCACHE: join(folder, 'go-cache'),
      GOFLAGS: '',
    },
  });
  const [status] = (await once(go, 'exit')) as [number | null];
  if (status !== 0) throw new Error('the simulator cannot be built');
  return program;
}

/** The other server, with so many VMs. */
export class Simulator implements SoapServer {
  readonly name = 'simulator';
  readonly userName = 'user';
  readonly password = 'pass';

  private constructor(
    private readonly process: ChildProcess,
    private readonly context: BenchContext,
    readonly host: string,
    readonly port: number,
  ) {}

  static async start(context: BenchContext, program: string, vms: number): Promise<Simulator> {
    const temporary = join(context.folder, 'simulator-files');
    mkdirSync(temporary, { recursive: true });
    // It tells of every update on standard error.
    const child = spawn(program, [String(vms)], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { TMPDIR: temporary },
    });
    const lines = createInterface({ input: child.stdout });
    const ended = once(child, 'exit').then(() => {
      throw new Error('the simulator ended');
    });
    const [url] = (await Promise.race([once(lines, 'line'), ended])) as [string];
    const { hostname, port } = new URL(url);
    return context.owned.add(new Simulator(child, context, hostname, Number(port)));
  }

  cpuUs(): number {
    return cpuUs(this.process.pid ?? 0);
  }

  rssMb(): number {
    return rssMb(this.process.pid ?? 0);
  }

  async stop(): Promise<void> {
    this.context.owned.gone(this);
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const gone = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await gone;
  }
}
