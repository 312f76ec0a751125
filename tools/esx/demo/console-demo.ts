import { setTimeout as delay } from 'node:timers/promises';
import { FrontDoorError } from '../errors.js';
import { askInit, type InitStatus } from '../init-client.js';
import { isReady } from '../launch.js';
import type { RootFolder } from '../root-folder.js';
import { runProcess } from '../run-process.js';
import { connectSerial } from '../serial-console.js';
import { serialSocketOf } from '../up.js';
import { connectScreen } from '../vm-console/index.js';
import { MovingPicture } from './moving-picture.js';
import { namespaceSeconds } from './process-times.js';

const VM = 'linux';
const LOOK_MS = 3000;
const BACK_LIMIT_MS = 60_000;
const POLL_MS = 100;
const MOVE =
  'while :; do echo "the picture moves: $(cat /proc/uptime)" >/dev/tty0; sleep 0.2; done & MOVES=$!\n';
const REST = 'kill $MOVES\n';

/** What a demonstration shows: where it is, and what to look at. */
export interface Stage {
  step(title: string): void;
  see(text: string): void;
}

/**
 * A console opened by a ticket outlives the service console's daemons: hostd and authd are killed while the picture
 * moves. @throws FrontDoorError VmFailed when it does not hold
 */
export async function demonstrateConsole(root: RootFolder, init: InitStatus, stage: Stage): Promise<void> {
  stage.step(
    `1. A ticket for the screen of ${VM}: hostd gives it, authd takes it, vmkauthd passes the connection on`,
  );
  const stream = await connectScreen(init, root.password(), VM);
  const picture = await MovingPicture.open(stream);
  const serial = await connectSerial(await serialSocketOf(root, VM));
  serial.resume().on('error', () => undefined);
  try {
    await picture.display.capture();
    stage.see(`${picture.display.width} × ${picture.display.height} pixels of "${picture.display.name}"`);
    stage.see(await whoHolds(stream.localPort ?? 0));
    serial.write(MOVE);
    stage.step('2. The guest draws');
    await moving(picture, stage);
    await killDaemons(root, picture, stage);
    await idleConsole(root, picture, stage);
  } finally {
    serial.write(REST);
    serial.end();
    stream.destroy();
  }
}

/** The processes at the two ends, as ss(8) tells. */
async function whoHolds(port: number): Promise<string> {
  const { status, output } = await runProcess('ss', ['-Htnp', `( sport = :${port} or dport = :${port} )`], {
    output: 'capture',
  }).catch(() => ({ status: 1, output: '' }));
  if (status !== 0) return 'ss (package iproute2) would show who holds the connection';
  const names = [...output.matchAll(/\(\("([^"]+)",pid=(\d+)/g)].map(([, name, pid]) => `${name} (${pid})`);
  return `the connection is held by ${[...new Set(names)].join(' and ')}: look with ss -tnp '( sport = :${port} )'`;
}

async function moving(picture: MovingPicture, stage: Stage): Promise<void> {
  const before = picture.frames;
  await delay(LOOK_MS);
  if (picture.ended !== undefined)
    throw new FrontDoorError('VmFailed', `the picture is gone: ${picture.ended}`);
  const frames = picture.frames - before;
  if (frames === 0) throw new FrontDoorError('VmFailed', 'the picture stands still');
  stage.see(`${(frames / (LOOK_MS / 1000)).toFixed(1)} pictures a second`);
}

async function killDaemons(root: RootFolder, picture: MovingPicture, stage: Stage): Promise<void> {
  stage.step('3. hostd and authd are killed');
  const status = await runningStatus(root);
  for (const { name, pid } of status.daemons) {
    if (name !== 'hostd' && name !== 'authd') continue;
    process.kill(pid, 'SIGKILL');
    stage.see(`kill -9 ${pid} (${name})`);
  }
  await moving(picture, stage);
}

async function idleConsole(root: RootFolder, picture: MovingPicture, stage: Stage): Promise<void> {
  stage.step('4. init has started them again; the service console carries nothing of the picture');
  const status = await settled(root);
  const inside = status.daemons.find(({ name }) => name === 'sshd')?.pid ?? 0;
  await delay(LOOK_MS);
  const before = namespaceSeconds(inside);
  await moving(picture, stage);
  const percent = ((namespaceSeconds(inside) - before) / (LOOK_MS / 1000)) * 100;
  stage.see(
    `the console's processes used ${percent.toFixed(1)} % of a CPU meanwhile: look at CCPU in ./esx shell esxtop`,
  );
}

async function settled(root: RootFolder): Promise<InitStatus> {
  const deadlineMs = performance.now() + BACK_LIMIT_MS;
  for (;;) {
    const status = await runningStatus(root);
    if (isReady(status)) return status;
    if (performance.now() > deadlineMs)
      throw new FrontDoorError('HostFailed', 'the killed daemons do not come back', 'See init.log.');
    await delay(POLL_MS);
  }
}

async function runningStatus(root: RootFolder): Promise<InitStatus> {
  const status = await askInit(root.initSocket, 'status');
  if (status === undefined) throw new FrontDoorError('HostDown', 'the host went down meanwhile');
  return status;
}
