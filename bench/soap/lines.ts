import { setTimeout as delay } from 'node:timers/promises';
import { SoapClient, SoapRefusal } from './client.js';
import type { Operation } from './load.js';
import {
  annotate,
  createFilter,
  createView,
  message,
  objectSpec,
  propertySpec,
  type Reference,
  rename,
  retrieve,
  viewSpec,
} from './messages.js';
import type { SoapServer } from './soap-server.js';

/** What one client does again and again; `end` gives back what it holds. */
export interface LineClient {
  readonly operation: Operation;
  end(): void;
}

export interface Line {
  readonly name: string;
  readonly about: string;
  /** Also how many clients there are, so that each has machines of its own. */
  open(server: SoapServer, client: number, clients: number): Promise<LineClient>;
}

export const THREE_PROPERTIES = ['name', 'runtime.powerState', 'config.hardware.memoryMB'];
const TASK_LIMIT_MS = 60_000;
/** The pause before the next look doubles: neither a quick server waits, nor is a slow one kept busy by looks. */
const FIRST_LOOK_MS = 1;
const LAST_LOOK_MS = 16;

/** All machines, as a view lists them. */
export async function machinesOf(client: SoapClient): Promise<Reference[]> {
  const { viewManager, rootFolder, propertyCollector } = client.objects;
  const view = await client.askReference(createView(viewManager, rootFolder, 'VirtualMachine'));
  const found = await client.ask(
    retrieve(propertyCollector, propertySpec('VirtualMachine', ['name']), viewSpec(view)),
  );
  await client.send(message(view, 'DestroyView'));
  return [...found.matchAll(/<obj type="VirtualMachine"[^>]*>([^<]+)</g)].map(([, value = '']) => ({
    type: 'VirtualMachine',
    value,
  }));
}

const login: Line = {
  name: 'login',
  about: 'Login and Logout',
  async open(server) {
    const client = await SoapClient.open(server);
    const operation = async () => {
      await client.login();
      await client.logout();
    };
    return { operation, end: () => client.close() };
  },
};

const fullVm: Line = {
  name: 'full_vm',
  about: 'all properties of one VM',
  async open(server, index, clients) {
    const client = await SoapClient.loggedIn(server);
    const all = propertySpec('VirtualMachine', []);
    const requests = own(await machinesOf(client), index, clients).map(vm =>
      client.prepare(retrieve(client.objects.propertyCollector, all, objectSpec(vm))),
    );
    return { operation: inTurn(client, requests), end: () => client.close() };
  },
};

const threeProperties: Line = {
  name: 'three_properties',
  about: 'three properties of every VM',
  async open(server) {
    const client = await SoapClient.loggedIn(server);
    const { viewManager, rootFolder, propertyCollector } = client.objects;
    const view = await client.askReference(createView(viewManager, rootFolder, 'VirtualMachine'));
    const spec = propertySpec('VirtualMachine', THREE_PROPERTIES);
    const request = client.prepare(retrieve(propertyCollector, spec, viewSpec(view)));
    return { operation: inTurn(client, [request]), end: () => client.close() };
  },
};

const reconfigure: Line = {
  name: 'reconfigure',
  about: 'ReconfigVM_Task to the end of its task',
  async open(server, index, clients) {
    const client = await SoapClient.loggedIn(server);
    const vms = own(await machinesOf(client), index, clients);
    let round = 0;
    const operation = async () => {
      const vm = vms[round++ % vms.length];
      if (vm === undefined) throw new Error('there are too few VMs');
      await changed(client, vm, `round ${round} of ${index}`);
    };
    return { operation, end: () => client.close() };
  },
};

interface Change {
  /** From the request to the reply of WaitForUpdates. */
  readonly seenMs: number;
  /** From the end of its task to that reply; nothing when the reply was first. */
  readonly lateMs: number;
}

/** One session that changes a machine's name, and one that waits for updates over every machine. */
async function changer(
  server: SoapServer,
  index: number,
  clients: number,
): Promise<{ change(): Promise<Change>; end(): void }> {
  const writer = await SoapClient.loggedIn(server);
  const waiter = await SoapClient.loggedIn(server);
  const [vm] = own(await machinesOf(writer), index, clients);
  if (vm === undefined) throw new Error('there are too few VMs');
  const { viewManager, rootFolder } = waiter.objects;
  const collector = await waiter.newCollector();
  const view = await waiter.askReference(createView(viewManager, rootFolder, 'VirtualMachine'));
  const spec = propertySpec('VirtualMachine', ['name', 'runtime.powerState']);
  await waiter.send(createFilter(collector, spec, viewSpec(view)));
  let version = '';
  let round = 0;
  const wait = async (): Promise<string> => {
    const text = await waiter.ask(message(collector, 'WaitForUpdates', `<version>${version}</version>`));
    version = /<version>([^<]+)</.exec(text)?.[1] ?? version;
    return text;
  };
  // A change that was refused leaves its wait to the next one.
  let waiting: Promise<string> | undefined;
  const next = (): Promise<string> => {
    waiting ??= wait().finally(() => {
      waiting = undefined;
    });
    return waiting;
  };
  await next();
  const change = async (): Promise<Change> => {
    const mark = `renamed-${index}-${++round}`;
    const startMs = Date.now();
    const start = performance.now();
    const seen = untilSeen(next, `>${mark}<`).then(() => performance.now() - start);
    const [task, seenMs] = await Promise.all([writer.askReference(rename(vm, mark)), seen]);
    await taskEnd(writer, task);
    const info = retrieve(writer.objects.propertyCollector, propertySpec('Task', ['info']), objectSpec(task));
    const ended = /<completeTime>([^<]+)</.exec(await writer.ask(info))?.[1] ?? '';
    return { seenMs, lateMs: Math.max(0, startMs + seenMs - Date.parse(ended)) };
  };
  const end = () => {
    writer.close();
    waiter.close();
  };
  return { change, end };
}

const update: Line = {
  name: 'update',
  about: 'from Rename_Task to the reply of WaitForUpdates over every VM',
  async open(server, index, clients) {
    const { change, end } = await changer(server, index, clients);
    return { operation: async () => (await change()).seenMs, end };
  },
};

/** How late updates over every machine are, ms after the task that made the change has ended. */
export async function lateness(server: SoapServer, changes: number): Promise<number[]> {
  const { change, end } = await changer(server, 0, 1);
  const found: number[] = [];
  try {
    for (let i = 0; i < changes; i++) found.push((await change()).lateMs);
    return found;
  } finally {
    end();
  }
}

/** Those whose cost hangs on one VM, and those whose cost may hang on how many there are. */
export const LINES_OF_ONE: readonly Line[] = [login, fullVm, reconfigure];
export const LINES_OF_ALL: readonly Line[] = [threeProperties, update];

async function untilSeen(next: () => Promise<string>, text: string): Promise<void> {
  while (!(await next()).includes(text));
}

async function changed(client: SoapClient, vm: Reference, text: string): Promise<void> {
  await taskEnd(client, await client.askReference(annotate(vm, text)));
}

/** Asks until a task is over. @throws SoapRefusal when it failed */
export async function taskEnd(client: SoapClient, task: Reference): Promise<void> {
  const spec = propertySpec('Task', ['info.state']);
  const request = client.prepare(retrieve(client.objects.propertyCollector, spec, objectSpec(task)));
  const limitMs = performance.now() + TASK_LIMIT_MS;
  for (
    let pauseMs = FIRST_LOOK_MS;
    performance.now() < limitMs;
    pauseMs = Math.min(pauseMs * 2, LAST_LOOK_MS)
  ) {
    const text = (await client.sendPrepared(request)).body.toString('utf8');
    const state = />(queued|running|success|error)</.exec(text)?.[1];
    if (state === 'success') return;
    if (state === 'error') throw new SoapRefusal('the task failed');
    await delay(pauseMs);
  }
  throw new SoapRefusal('the task does not end');
}

function inTurn(client: SoapClient, requests: readonly string[]): Operation {
  let at = 0;
  return () => client.sendPrepared(requests[at++ % requests.length] ?? '');
}

/** Every so many-th machine. */
function own<T>(all: readonly T[], index: number, clients: number): T[] {
  return all.filter((_, at) => at % clients === index);
}

/** A change of the first machine, as often as asked for. */
export async function changeOf(
  server: SoapServer,
): Promise<{ make(round: number): Promise<void>; end(): void }> {
  const client = await SoapClient.loggedIn(server);
  const [vm] = await machinesOf(client);
  if (vm === undefined) throw new Error('there are no VMs');
  return { make: round => changed(client, vm, `round ${round}`), end: () => client.close() };
}
