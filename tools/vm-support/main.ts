import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { VmkernelClient } from '../../kernel/client/index.js';
import { answerName, bundleName, COMMANDS, FILES, isVmFile, SECRETS, worldLines } from './contents.js';
import { type BundleWish, type PerformanceWish, parseFlags, SCRIPT_NAME, USAGE } from './flags.js';

const CONTROL_SOCKET = '/var/run/vmware/control.sock';
const COMMAND_MS = 30_000;
const MAX_ANSWER_BYTES = 16 << 20;
/** A disk's descriptor is text of a few hundred bytes; what is larger is a disk. */
const MAX_DESCRIPTOR_BYTES = 1 << 16;
const PATH = '/usr/sbin:/usr/bin:/sbin:/bin';

async function main(args: readonly string[]): Promise<number> {
  const wanted = parseFlags(args, process.cwd());
  if (wanted.kind === 'complaint') {
    process.stderr.write(`vm-support: ${wanted.text}\n${USAGE}`);
    return 1;
  }
  if (wanted.kind === 'usage') {
    process.stdout.write(USAGE);
    return 0;
  }
  if (process.geteuid?.() !== 0) {
    process.stderr.write('vm-support: must be root\n');
    return 1;
  }
  if (wanted.kind === 'bundle') return makeBundle(wanted);
  process.stdout.write(`${SCRIPT_NAME}\n\n${worldLines(await runningVms())}`);
  return 0;
}

async function runningVms(): Promise<{ worldId: number; name: string }[]> {
  const client = await VmkernelClient.connect(CONTROL_SOCKET);
  try {
    return (await client.call('listVms', {})).vms;
  } finally {
    client.close();
  }
}

/** The bundle holds what root alone may read, and its folder may be everybody's. */
const BUNDLE_UMASK = 0o077;

function makeBundle(wanted: BundleWish): number {
  const { folder, performance, rest } = wanted;
  process.umask(BUNDLE_UMASK);
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    process.stderr.write(`vm-support: ${folder} is no folder\n`);
    return 1;
  }
  const work = mkdtempSync(join(realpathSync(folder), 'vm-support-'));
  try {
    process.stdout.write(`${SCRIPT_NAME}\n\nPreparing files: `);
    if (rest) writeAnswers(join(work, 'commands'));
    const failed = performance === null ? '' : takeSnapshots(work, performance);
    if (failed !== '') process.stderr.write(`\nvm-support: performance snapshots: ${failed}\n`);
    if (failed !== '' && !rest) return 1;
    const path = join(folder, bundleName(Date.now(), process.pid));
    // Whoever guessed the name and laid a link there must not lead tar elsewhere.
    closeSync(openSync(path, 'wx'));
    const packed = pack(
      path,
      work,
      rest ? [...FILES.filter(name => existsSync(join('/', name))), ...vmFiles()] : [],
    );
    if (packed !== '') {
      rmSync(path, { force: true });
      process.stderr.write(`vm-support: ${packed}\n`);
      return 1;
    }
    process.stdout.write(`\nFile: ${path}\nPlease attach this file when submitting an incident report.\n`);
    return 0;
  } finally {
    rmSync(work, { recursive: true });
  }
}

function writeAnswers(folder: string): void {
  mkdirSync(folder);
  for (const command of COMMANDS) {
    const [program = '', ...words] = command;
    const { stdout, stderr, status, error } = spawnSync(program, words, {
      encoding: 'utf8',
      timeout: COMMAND_MS,
      maxBuffer: MAX_ANSWER_BYTES,
      env: { PATH, LANG: 'C', TERM: 'dumb', HOME: '/root' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const failed = error?.message ?? (status === 0 ? '' : `exit status ${status}`);
    const complaint = [stderr ?? '', failed].filter(text => text !== '').join('\n');
    writeFileSync(
      join(folder, answerName(command)),
      `${stdout ?? ''}${complaint === '' ? '' : `\n${complaint}\n`}`,
    );
    process.stdout.write('.');
  }
}

/** esxtop starts and ends within. */
const START_MS = 60_000;

/** What esxtop sees, as its own recording and as the CSV of the same figures. @returns '' or why there is none */
function takeSnapshots(work: string, { durationSeconds, intervalSeconds }: PerformanceWish): string {
  const count = Math.floor(durationSeconds / intervalSeconds);
  const csv = openSync(join(work, 'esxtop.csv'), 'wx');
  const words = ['-b', '-a', '-d', `${intervalSeconds}`, '-n', `${count}`, '--record', work];
  const { status, stderr, error } = spawnSync('esxtop', words, {
    encoding: 'utf8',
    timeout: count * intervalSeconds * 1000 + START_MS,
    env: { PATH, LANG: 'C', HOME: '/root' },
    stdio: ['ignore', csv, 'pipe'],
  });
  closeSync(csv);
  const folder = join(work, 'snapshots');
  if (existsSync(folder)) renameSync(join(work, 'esxtop.csv'), join(folder, 'esxtop.csv'));
  return error?.message ?? (status === 0 ? '' : stderr.trim() || `esxtop ended with ${status}`);
}

/** @returns '' or why tar refused; a log that grew meanwhile is none of that */
function pack(path: string, work: string, files: readonly string[]): string {
  const made = ['commands', 'snapshots'].filter(name => existsSync(join(work, name)));
  const excluded = SECRETS.map(pattern => `--exclude=${pattern}`);
  const { status, stderr } = spawnSync(
    'tar',
    ['-czf', path, '--warning=no-file-changed', ...excluded, '-C', '/', ...files, '-C', work, ...made],
    { encoding: 'utf8', env: { PATH, LANG: 'C' }, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  return status === 0 || status === 1 ? '' : `tar: ${stderr}`;
}

function vmFiles(): string[] {
  const volumes = '/vmfs/volumes';
  const folders = readdirSync(volumes, { withFileTypes: true }).filter(entry => entry.isDirectory());
  return folders.flatMap(({ name }) => {
    const volume = join(volumes, name);
    const vms = readdirSync(volume, { withFileTypes: true }).filter(entry => entry.isDirectory());
    return vms.flatMap(vm =>
      readdirSync(join(volume, vm.name), { withFileTypes: true })
        .filter(entry => entry.isFile() && isVmFile(entry.name))
        .map(entry => join(volume, vm.name, entry.name))
        .filter(file => !file.endsWith('.vmdk') || statSync(file).size <= MAX_DESCRIPTOR_BYTES)
        .map(file => file.slice(1)),
    );
  });
}

main(process.argv.slice(2)).then(
  status => {
    process.exitCode = status;
  },
  (error: unknown) => {
    process.exitCode = 1;
    process.stderr.write(`vm-support: ${error instanceof Error ? error.message : String(error)}\n`);
  },
);
