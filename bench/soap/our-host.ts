import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { commandLine, cpuUs, rssMb } from '../processes.js';
import type { BenchContext } from '../result.js';
import { SoapHost } from '../soap-host.js';
import { SoapClient, SoapRefusal } from './client.js';
import { machinesOf } from './lines.js';
import { message, objectSpec, propertySpec, type Reference, ref, retrieve } from './messages.js';
import type { SoapServer } from './soap-server.js';

const REGISTERING = 8;
const TASK_LOOK_MS = 5;
const BOOT_LOOK_MS = 10;
const BOOT_LIMIT_MS = 180_000;
const HOSTD = 'daemons/hostd/main.js';

/** A host of its own, with machines that were registered as any client registers them. */
export class OurHost implements SoapServer {
  readonly name = 'ours';
  readonly host = '127.0.0.1';
  readonly #host: SoapHost;
  #vms = 0;

  private constructor(host: SoapHost) {
    this.#host = host;
  }

  static async up(context: BenchContext): Promise<OurHost> {
    return new OurHost(await SoapHost.up(context));
  }

  get port(): number {
    return this.#host.httpsPort;
  }

  get userName(): string {
    return this.#host.userName;
  }

  get password(): string {
    return this.#host.password;
  }

  cpuUs(): number {
    return cpuUs(this.#hostd());
  }

  rssMb(): number {
    return rssMb(this.#hostd());
  }

  stop(): Promise<void> {
    return this.#host.stop();
  }

  get datastore(): string {
    return this.#host.datastore;
  }

  /** Makes so many machines of what there are. @returns registrations per second; NaN when there were enough */
  async grow(vms: number): Promise<number> {
    const names: string[] = [];
    for (; this.#vms < vms; this.#vms++) names.push(placeVm(this.#host.datastore, this.#vms));
    const startMs = performance.now();
    await this.registerAll(names.map(name => `[storage1] ${name}/${name}.vmx`));
    return names.length / ((performance.now() - startMs) / 1000);
  }

  /** `[datastore] folder/file.vmx` each. @returns the machines in that order */
  async registerAll(paths: readonly string[]): Promise<Reference[]> {
    const vms: Reference[] = [];
    const queue = [...paths.entries()];
    const work = async (): Promise<void> => {
      const client = await SoapClient.loggedIn(this);
      for (let next = queue.shift(); next !== undefined; next = queue.shift())
        vms[next[0]] = await register(client, next[1]);
      client.close();
    };
    await Promise.all(Array.from({ length: Math.min(REGISTERING, queue.length) }, work));
    return vms;
  }

  /** Ends hostd and waits until init's next one answers with every machine. @returns seconds */
  async restart(): Promise<number> {
    const before = this.#hostd();
    const startMs = performance.now();
    process.kill(before, 'SIGKILL');
    while (performance.now() - startMs < BOOT_LIMIT_MS) {
      if ((await this.#listed()) >= this.#vms) return (performance.now() - startMs) / 1000;
      await delay(BOOT_LOOK_MS);
    }
    throw new Error('hostd does not come back with its machines');
  }

  async #listed(): Promise<number> {
    const client = await SoapClient.loggedIn(this).catch(() => undefined);
    if (client === undefined) return -1;
    try {
      return (await machinesOf(client)).length;
    } catch {
      return -1; // it is not that far yet
    } finally {
      client.close();
    }
  }

  #hostd(): number {
    const pid = this.#host.processes().find(one => commandLine(one).includes(HOSTD));
    if (pid === undefined) throw new Error('hostd does not run');
    return pid;
  }
}

async function register(client: SoapClient, path: string): Promise<Reference> {
  const folder: Reference = { type: 'Folder', value: 'ha-folder-vm' };
  const pool = ref('pool', { type: 'ResourcePool', value: 'ha-root-pool' });
  const args = `<path>${path}</path><asTemplate>false</asTemplate>${pool}`;
  const task = await client.askReference(message(folder, 'RegisterVM_Task', args));
  const spec = propertySpec('Task', ['info']);
  for (;;) {
    const info = await client.ask(retrieve(client.objects.propertyCollector, spec, objectSpec(task)));
    const state = /<state>(\w+)<\/state>/.exec(info)?.[1];
    if (state === 'error') throw new SoapRefusal(`${path}: ${/<localizedMessage>([^<]*)/.exec(info)?.[1]}`);
    const value = /<result [^>]*type="VirtualMachine"[^>]*>([^<]+)</.exec(info)?.[1];
    if (state === 'success' && value !== undefined) return { type: 'VirtualMachine', value };
    await delay(TASK_LOOK_MS);
  }
}

/** A machine with the devices of an ordinary one; its disk is named and never opened. @returns its folder */
function placeVm(datastore: string, number: number): string {
  const name = `vm${String(number).padStart(5, '0')}`;
  mkdirSync(join(datastore, name));
  const keys = {
    'config.version': '8',
    'virtualHW.version': '4',
    displayName: name,
    guestOS: 'otherlinux',
    memsize: '64',
    numvcpus: '1',
    'scsi0.present': 'TRUE',
    'scsi0.virtualDev': 'lsilogic',
    'scsi0:0.present': 'TRUE',
    'scsi0:0.fileName': `${name}.vmdk`,
    'ide1:0.present': 'TRUE',
    'ide1:0.deviceType': 'cdrom-raw',
    'ide1:0.fileName': '/dev/cdrom',
    'ethernet0.present': 'TRUE',
    'ethernet0.networkName': 'VM Network',
    'ethernet0.virtualDev': 'vlance',
  };
  const lines = Object.entries(keys).map(([key, value]) => `${key} = "${value}"\n`);
  writeFileSync(join(datastore, name, `${name}.vmx`), lines.join(''));
  return name;
}
