import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { GroupKind, WorldKind } from '../../kernel/abi/index.js';
import { nowUs } from '../../lib/linux/index.js';
import { recorded } from './recording.js';
import { takeSnapshot } from './snapshot.js';
import { type FakeHost, startFakeHost } from './testing/fake-host.js';

/** The built tool as a process of its own, on a terminal that tmux makes and on pipes. */

const MAIN = fileURLToPath(new URL('../../dist/tools/esxtop/main.js', import.meta.url));
const PATIENCE_MS = 15_000;
const hasTmux = spawnSync('tmux', ['-V']).status === 0;

/** A VM of two worlds, of which vmm0 runs a quarter of the time and waits for the rest, published as it goes. */
class Pump {
  readonly #timer: NodeJS.Timeout;
  readonly #startUs = nowUs();

  constructor(private readonly host: FakeHost) {
    const { tables } = host;
    tables.host.hostControl.setBootWallMs(Date.now() - 60 * 60_000);
    tables.group(0, 1, 'idle', GroupKind.idle);
    tables.group(1, 16, 'linux', GroupKind.vm);
    for (let vm = 0; vm < 40; vm++) tables.group(2 + vm, 100 + vm, `filler${vm}`, GroupKind.vm);
    tables.world(0, 1020, 0, 'idle0');
    tables.world(1, 1024, 1, 'vmware-vmx');
    tables.world(2, 1025, 1, 'vmm0:linux', WorldKind.vmm);
    for (let vm = 0; vm < 40; vm++) tables.world(3 + vm, 2000 + vm, 2 + vm, 'vmware-vmx');
    this.#publish();
    this.#timer = setInterval(() => this.#publish(), 50);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #publish(): void {
    const { tables } = this.host;
    const taken = nowUs();
    const elapsed = taken - this.#startUs;
    const created = this.#startUs;
    tables.pcpu(0, elapsed / 4, (3 * elapsed) / 4, taken);
    tables.times(0, { taken, created, run: (3 * elapsed) / 4, ready: elapsed / 4 });
    tables.times(1, { taken, created, wait: elapsed });
    tables.times(2, { taken, created, run: elapsed / 4, wait: (3 * elapsed) / 4, idle: elapsed / 2 });
    for (let row = 3; row < 43; row++) tables.times(row, { taken, created, wait: elapsed });
    tables.published(taken);
  }
}

let host: FakeHost;
let pump: Pump;
let folder = '';

beforeAll(() => {
  if (!existsSync(MAIN)) throw new Error('run `npx tsc -b tools/esxtop` first: this tests the built tool');
});

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'esxtop-run-'));
  host = await startFakeHost();
  pump = new Pump(host);
});

afterEach(() => {
  pump.stop();
  host.close();
  rmSync(folder, { recursive: true });
});

interface Ended {
  readonly status: number | null;
  readonly signal: string | null;
  readonly out: string;
  readonly err: string;
}

function start(...args: string[]): ChildProcess {
  return spawn(process.execPath, [MAIN, '--socket', host.socketPath, ...args], {
    env: { ...process.env, HOME: folder },
  });
}

async function ended(child: ChildProcess): Promise<Ended> {
  let out = '';
  let err = '';
  child.stdout?.on('data', text => {
    out += String(text);
  });
  child.stderr?.on('data', text => {
    err += String(text);
  });
  const [status, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { status, signal, out, err };
}

describe('batch mode', { timeout: 30_000 }, () => {
  it('records rows at the delay, ends by itself, and replays them from its snapshots', async () => {
    const { status, out, err } = await ended(start('-b', '-d', '2', '-n', '2', '--record', folder));
    expect([status, err]).toEqual([0, '']);
    const script = [
      'import csv, sys, json',
      'rows = list(csv.DictReader(sys.stdin, strict=True))',
      'print(json.dumps(rows))',
    ].join('\n');
    const rows = JSON.parse(
      execFileSync('python3', ['-c', script], { input: out, encoding: 'utf8' }),
    ) as Record<string, string>[];
    expect(rows).toHaveLength(2);
    for (const row of rows) {
      const figure = (name: string): number => Number(row[`\\\\esx1\\${name}`]);
      expect(figure('Vcpu(16:linux:1025:vmm0:linux)\\% Used')).toBeCloseTo(25, 1);
      expect(figure('Group Cpu(16:linux)\\% Wait')).toBeCloseTo(175, 1);
      expect(figure('Group Cpu(16:linux)\\Members')).toBe(2);
      expect(figure('Physical Cpu(_Total)\\% Processor Time')).toBeCloseTo(25, 1);
    }
    const seconds = rows.map(row => Date.parse(`${row['(PDH-CSV 4.0) (UTC)(0)']} UTC`) / 1000);
    expect((seconds[1] ?? 0) - (seconds[0] ?? 0)).toBeGreaterThanOrEqual(1);
    expect((seconds[1] ?? 0) - (seconds[0] ?? 0)).toBeLessThanOrEqual(3);
    host.die();
    const replay = await ended(
      spawn(process.execPath, [MAIN, '-b', '-R', folder], { env: { HOME: folder } }),
    );
    expect(replay).toMatchObject({ status: 0, err: '', out });
    const one = await ended(spawn(process.execPath, [MAIN, '-b', '-n', '1', '-R', folder], { env: {} }));
    expect(one.out.split('\n')).toHaveLength(3);
  });

  it('is what it falls back to without a terminal', async () => {
    const { status, out, err } = await ended(start('-d', '2', '-n', '1'));
    expect(status).toBe(0);
    expect(err).toBe('esxtop: no terminal: batch mode\n');
    expect(out.split('\n')).toHaveLength(3);
  });

  it('ends by the signal it was sent', async () => {
    const child = start('-b');
    const over = ended(child);
    await once(child.stdout ?? child, 'data');
    child.kill('SIGTERM');
    expect(await over).toMatchObject({ status: null, signal: 'SIGTERM', err: '' });
  });

  it('ends without a word when its reader has gone', () => {
    const command = `'${process.execPath}' '${MAIN}' --socket '${host.socketPath}' -b -d 2 | head -1; echo \${PIPESTATUS[0]}`;
    return ended(spawn('bash', ['-c', command])).then(({ out, err }) => {
      expect(err).toBe('');
      expect(out.split('\n').slice(1)).toEqual(['141', '']);
    });
  });

  it('says that the host is gone, and fails', async () => {
    const child = start('-b');
    const over = ended(child);
    await once(child.stdout ?? child, 'data');
    host.die();
    expect(await over).toMatchObject({
      status: 1,
      err: 'esxtop: the host is gone: its VMkernel ended\n',
    });
  });
});

describe('refusals', { timeout: 30_000 }, () => {
  it.each([
    [['-x'], /Unknown option '-x'/],
    [['-d', '1'], /at least 2/],
    [['-c', '/nonexistent'], /\/nonexistent: there is no such file/],
    [['-R', '/nonexistent'], /esxtop: \/nonexistent is no folder/],
  ] as const)('%j', async (args, message) => {
    const { status, out, err } = await ended(start(...args));
    expect([status, out]).toEqual([1, '']);
    expect(err).toMatch(message);
  });

  it('a configuration that is a FIFO, whose opening would never end', async () => {
    const fifo = join(folder, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const { status, err } = await ended(start('-c', fifo));
    expect(status).toBe(1);
    expect(err).toMatch(/fifo: is no file/);
  });

  it('a host that is not there', async () => {
    const child = spawn(process.execPath, [MAIN, '--socket', join(folder, 'none'), '-b']);
    const { status, err } = await ended(child);
    expect(status).toBe(1);
    expect(err).toMatch(/^esxtop: The VMkernel does not answer at .*none: /);
  });

  it('a host of another build', async () => {
    const other = await startFakeHost(12345);
    const child = spawn(process.execPath, [MAIN, '--socket', other.socketPath, '-b']);
    const { status, err } = await ended(child);
    other.close();
    expect(status).toBe(1);
    expect(err).toMatch(/^esxtop: The running host is another build than this tool/);
  });
});

/** A terminal of its own: a tmux server on a private socket. */
class Terminal {
  readonly #server = ['-S', join(folder, 'tmux')];

  constructor(columns: number, rows: number, args: readonly string[] = []) {
    const tool = [process.execPath, MAIN, '--socket', host.socketPath, ...args].map(word => `'${word}'`);
    const shell = `echo before; HOME='${folder}' ${tool.join(' ')}; echo "status $?"; exec cat`;
    this.#tmux('-f', '/dev/null', 'new-session', '-d', '-x', `${columns}`, '-y', `${rows}`, shell);
  }

  keys(...keys: string[]): void {
    this.#tmux('send-keys', ...keys);
  }

  resize(columns: number, rows: number): void {
    this.#tmux('resize-window', '-x', `${columns}`, '-y', `${rows}`);
  }

  get lines(): string[] {
    return this.#tmux('capture-pane', '-p').split('\n').slice(0, -1);
  }

  /** Whether programs see the alternate screen, and where it ended up. */
  get alternate(): boolean {
    return this.#tmux('display-message', '-p', '#{alternate_on}').trim() === '1';
  }

  /** Pid of esxtop in this terminal. */
  get pid(): number {
    const shell = this.#tmux('display-message', '-p', '#{pane_pid}').trim();
    return Number(readFileSync(`/proc/${shell}/task/${shell}/children`, 'utf8').trim().split(' ')[0]);
  }

  close(): void {
    spawnSync('tmux', [...this.#server, 'kill-server']);
  }

  async until(condition: (screen: string) => boolean): Promise<string[]> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const lines = this.lines;
      if (condition(lines.join('\n'))) return lines;
      if (performance.now() > deadline) throw new Error(`the screen stayed:\n${lines.join('\n')}`);
      await new Promise(resolve => setTimeout(resolve, 50));
    }
  }

  #tmux(...args: string[]): string {
    return execFileSync('tmux', [...this.#server, ...args], { encoding: 'utf8' });
  }
}

describe.skipIf(!hasTmux)('on a terminal', { timeout: 60_000 }, () => {
  let terminal: Terminal;
  afterEach(() => terminal.close());

  it('shows the panel at 80x24 and expands a group by `e`', async () => {
    terminal = new Terminal(80, 24);
    const lines = await terminal.until(screen => /linux +2 +25\.0/.test(screen));
    expect(lines[0]).toMatch(
      /^[ 1]\d:\d\d:\d\d[ap]m up 1:0\d, 43 worlds; CPU load average: 0\.01, 0\.05, 0\.02$/,
    );
    expect(lines[1]).toMatch(/^PCPU\(%\): +25\.0\d ; {2}used total: +25\.0\d$/);
    expect(lines[3]).toMatch(/^ +ID +GID NAME +NWLD +%USED +%RUN +%SYS +%WAIT +%RDY$/);
    expect(lines).toHaveLength(24);
    terminal.keys('e', '1');
    await terminal.until(screen => screen.includes('Group to expand/rollup (gid): 1'));
    terminal.keys('6', 'Enter');
    const expanded = await terminal.until(screen => screen.includes('vmm0:linux'));
    expect(expanded.find(line => line.includes('vmm0:linux'))).toMatch(/^ +1025 +16 vmm0:linux +1 +25\.0/);
    expect(expanded.find(line => line.includes('vmware-vmx'))).toMatch(/^ +1024 +16 vmware-vmx +1 +0\.00/);
  });

  it('uses the room of 200x50 and follows a resize', async () => {
    terminal = new Terminal(200, 50);
    const wide = await terminal.until(screen => screen.includes('filler30'));
    expect(wide[3]).toMatch(/%IDLE +%OVRLP +%CSTP +%MLMTD +%SWPWT$/);
    terminal.resize(80, 24);
    const small = await terminal.until(screen => /%RDY\n/.test(screen));
    expect(small.join('\n')).not.toContain('filler30');
    terminal.resize(200, 50);
    await terminal.until(screen => /%SWPWT\n/.test(screen) && screen.includes('filler30'));
  });

  it('gives the terminal back at `q`', async () => {
    terminal = new Terminal(80, 24);
    await terminal.until(screen => screen.includes('linux'));
    expect(terminal.alternate).toBe(true);
    terminal.keys('q');
    const lines = await terminal.until(screen => screen.includes('status'));
    expect(lines.slice(0, 2)).toEqual(['before', 'status 0']);
    expect(terminal.alternate).toBe(false);
    terminal.keys('typed');
    await terminal.until(screen => screen.includes('typed'));
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('gives the terminal back at %s', async (signal, status) => {
    terminal = new Terminal(80, 24);
    await terminal.until(screen => screen.includes('linux'));
    process.kill(terminal.pid, signal);
    await terminal.until(screen => screen.includes(`status ${status}`));
    expect(terminal.alternate).toBe(false);
  });

  it('gives the terminal back and says so when the host ends', async () => {
    terminal = new Terminal(80, 24);
    await terminal.until(screen => screen.includes('linux'));
    host.die();
    const lines = await terminal.until(screen => screen.includes('status'));
    expect(lines.slice(0, 3)).toEqual(['before', 'esxtop: the host is gone: its VMkernel ended', 'status 1']);
  });

  it('keeps delay and fields in the configuration that `W` writes', async () => {
    terminal = new Terminal(80, 24);
    await terminal.until(screen => screen.includes('linux'));
    terminal.keys('f', 'e', 'Space', 's', '3', 'Enter', 'W');
    await terminal.until(screen => screen.includes('Written to'));
    expect(readFileSync(join(folder, '.esxtop3rc'), 'utf8')).toBe('ABCDefghi\n3c\n');
    terminal.close();
    terminal = new Terminal(80, 24);
    const lines = await terminal.until(screen => screen.includes('linux'));
    expect(lines[3]).toMatch(/NWLD$/);
  });

  it('kills the VM of a world by `k`, and no other world', async () => {
    host.vms.push({ worldId: 1024, name: 'linux', vmxPath: '/vmfs/volumes/a/linux.vmx' });
    terminal = new Terminal(80, 24);
    await terminal.until(screen => screen.includes('linux'));
    terminal.keys('k', '1020', 'Enter');
    await terminal.until(screen => screen.includes('Only the worlds of a virtual machine can be killed'));
    terminal.keys('k', '1025', 'Enter');
    await terminal.until(screen => screen.includes('linux is powered off'));
    expect(host.calls.at(-1)).toEqual({
      call: 'powerOff',
      args: { vmxPath: '/vmfs/volumes/a/linux.vmx' },
    });
  });

  it('shows every field with -a', async () => {
    terminal = new Terminal(270, 24, ['-a']);
    const lines = await terminal.until(screen => /linux +2 +25\.0/.test(screen));
    expect(lines[3]).toMatch(
      /%SWPWT .*MIG\/s .*AMLMT AUNITS AFFINITY_BIT_MASK HTSHARING CPU HTQ .*%GKRNL +%MON$/,
    );
  });

  it('replays a recording at its pace, and ends with it', async () => {
    const recorder = recorded(
      {
        over: new AbortController().signal,
        snapshot: previous =>
          takeSnapshot({ ...host.tables, wallMs: Date.UTC(2020, 0, 1), console: null }, previous),
        endVm: () => Promise.resolve(''),
        close: () => undefined,
      },
      folder,
      2000,
    );
    let last = recorder.snapshot(null);
    for (const { publishedUs } = last; last.publishedUs === publishedUs; last = recorder.snapshot(last))
      await new Promise(resolve => setTimeout(resolve, 20));
    pump.stop();
    host.die();
    terminal = new Terminal(80, 24, ['-R', folder]);
    await terminal.until(screen => /linux +2 +25\.0/.test(screen));
    terminal.keys('k', '1025', 'Enter');
    await terminal.until(screen => screen.includes('A recording: nothing here can be ended'));
    terminal.keys(...Array<string>(40).fill('Space'));
    await terminal.until(screen => screen.includes('status 0'));
  });

  it('ends after as many looks as were asked for', async () => {
    terminal = new Terminal(80, 24, ['-n', '1']);
    await terminal.until(screen => screen.includes('status 0'));
  });
});
