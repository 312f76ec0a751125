import { setTimeout as delay } from 'node:timers/promises';
import { aptPackagesFor } from '../../../guests/index.js';
import type { VmkernelClient } from '../../../kernel/client/index.js';
import type { ManagedObjectReference } from '../../../lib/vim/index.js';
import { installPackages } from '../debian-packages.js';
import { FrontDoorError } from '../errors.js';
import { connectKernel } from '../gather-status.js';
import type { Workplace } from '../guest-image.js';
import type { InitStatus } from '../init-client.js';
import { machinePids } from '../machine-pids.js';
import type { RootFolder } from '../root-folder.js';
import { logIn } from '../soap-session.js';
import type { Stage } from './console-demo.js';
import { CpuMeter, type MeasuredVms } from './cpu-measure.js';
import { CPU_STEPS, type CpuStep, type CpuStepName, cpuSteps, expected, type Pair } from './cpu-steps.js';
import { DemoMachines } from './demo-machines.js';

const NAMES: Pair<string> = { high: 'demo-high', low: 'demo-low' };
const WINDOW_SECONDS = 6;
const SETTLE_MS = 2000;

export interface CpuDemoHost {
  readonly root: RootFolder;
  readonly init: InitStatus;
  readonly work: Workplace;
}

/** What a step needs. */
interface Scene {
  readonly machines: DemoMachines;
  readonly kernel: VmkernelClient;
  readonly meter: CpuMeter;
  readonly vms: Pair<ManagedObjectReference>;
  readonly pcpu: number;
  readonly pcpuMhz: number;
  readonly machinePid: (pid: number) => number;
}

/**
 * Two VMs that never rest share one PCPU: by shares, then with a reservation, then with a limit. They run on as the
 * last step left them. Made again from whatever an earlier run left. @throws FrontDoorError
 */
export async function demonstrateCpu(host: CpuDemoHost, last: CpuStepName, stage: Stage): Promise<void> {
  await onHost(host, async (machines, kernel) => {
    stage.step(`1. Two VMs that spin, on one PCPU: ${NAMES.high} and ${NAMES.low}`);
    await installPackages(aptPackagesFor(['asm']), host.work.environment);
    const { pcpus, pcpuMhz } = await kernel.call('hostInfo', {});
    const pcpu = pcpus.length - 1;
    const vms = { high: await machines.make(NAMES.high), low: await machines.make(NAMES.low) };
    const scene: Scene = {
      ...{ machines, kernel, vms, pcpu, pcpuMhz },
      meter: new CpuMeter(host.work.tree, host.root.vmkernelSocket),
      machinePid: machinePids(host.init.pidNamespace),
    };
    await begin(scene);
    stage.see(`PCPU ${pcpu} of ${pcpus.length}, ${Math.round(pcpuMhz)} MHz; both run there and nowhere else`);
    const steps = cpuSteps.slice(0, CPU_STEPS.indexOf(last) + 1);
    for (const [at, step] of steps.entries()) await show(scene, { step, number: at + 2 }, stage);
    stage.step('They run on. To watch them:');
    for (const line of keysToWatch) stage.see(line);
  });
}

const keysToWatch: readonly string[] = [
  './esx shell esxtop     V: VMs alone   e and a GID: its worlds   f, g: AMIN AMAX ASHRS   s: seconds between looks',
  '                       %USED is what each got, %RDY what it waited for, %MLMTD what its limit kept from it',
  './esx demo cpu --end   powers both off and deletes them',
];

/** Ends what the demonstration left. */
export async function endCpuDemo(host: CpuDemoHost, stage: Stage): Promise<void> {
  await onHost(host, async machines => {
    for (const name of [NAMES.high, NAMES.low])
      stage.see((await machines.end(name)) ? `${name} is gone` : `there was no ${name}`);
  });
}

async function onHost(
  { root, init, work }: CpuDemoHost,
  act: (machines: DemoMachines, kernel: VmkernelClient) => Promise<void>,
): Promise<void> {
  const kernel = await connectKernel(root);
  if (kernel === undefined)
    throw new FrontDoorError('HostDown', `no host runs in ${root.path}`, 'Start it with ./esx up.');
  try {
    const client = await logIn(init, root.password());
    try {
      await act(new DemoMachines({ client, kernel, work, drafts: root.path }), kernel);
      await client.logout();
    } finally {
      client.close();
    }
  } finally {
    kernel.close();
  }
}

/** Both stand as the first step has them before they run. */
async function begin({ machines, vms, pcpu, pcpuMhz }: Scene): Promise<void> {
  const [first] = cpuSteps;
  if (first === undefined) return;
  // Who reserves less first: what one gives back the other may need.
  await machines.set(vms.low, first.settings.low, { pcpu, pcpuMhz });
  await machines.set(vms.high, first.settings.high, { pcpu, pcpuMhz });
  for (const vm of [vms.high, vms.low]) await machines.powerOn(vm);
}

async function show(
  scene: Scene,
  { step, number }: { readonly step: CpuStep; readonly number: number },
  stage: Stage,
): Promise<void> {
  stage.step(`${number}. ${step.title}`);
  const { machines, vms, pcpu, pcpuMhz } = scene;
  await machines.set(vms.high, step.settings.high, { pcpu, pcpuMhz });
  await machines.set(vms.low, step.settings.low, { pcpu, pcpuMhz });
  await delay(SETTLE_MS);
  const { linux, esxtop } = await scene.meter.measure(await measured(scene), WINDOW_SECONDS);
  const together = linux.high + linux.low;
  const due = expected(step.settings, together);
  stage.see(
    `${''.padEnd(12)}${['expected', "Linux's clocks", 'esxtop %USED'].map(text => text.padStart(16)).join('')}`,
  );
  for (const who of ['high', 'low'] as const) {
    const figures = [due[who], linux[who], esxtop[who]].map(part => percent(part).padStart(16));
    stage.see(`${NAMES[who].padEnd(12)}${figures.join('')}`);
  }
  stage.see(
    `Together they had ${percent(together)} of PCPU ${pcpu}; the rest went to other work of the machine.`,
  );
}

async function measured({ kernel, machinePid }: Scene): Promise<MeasuredVms> {
  const { vms } = await kernel.call('listVms', {});
  const pidOf = (name: string): number => {
    const vm = vms.find(one => one.name === name);
    if (vm === undefined) throw new FrontDoorError('VmFailed', `${name} does not run any more`);
    return machinePid(vm.pid);
  };
  return { pids: { high: pidOf(NAMES.high), low: pidOf(NAMES.low) }, names: NAMES };
}

const percent = (part: number): string => `${(100 * part).toFixed(1)} %`;
