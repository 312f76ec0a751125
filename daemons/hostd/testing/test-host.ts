import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VmkernelClient } from '../../../kernel/client/index.js';
import {
  type ApiVersion,
  loadVimSchema,
  type ManagedObjectReference,
  type Methods,
  readReply,
  type TaskInfo,
  typeNameOf,
  untyped,
  writeRequest,
} from '../../../lib/vim/index.js';
import { LocalTickets, type LoginPolicy, type Session } from '../../../lib/vim-server/index.js';
import { AccountTools, ConsoleAccounts } from '../access/index.js';
import { Host, type HostOptions } from '../host.js';
import { aboutInfo } from '../identity.js';
import { readMachine } from '../machine/machine.js';
import { moids } from '../mo/moids.js';
import { ShadowDouble } from './shadow-double.js';
import { VmkernelDouble } from './vmkernel-double.js';

const schema = loadVimSchema();

/** Accounts of the host in tests; each user's password is `<name>-password`. */
const passwd = `root:x:0:0:root:/root:/bin/bash
alice:x:1000:1000:Alice:/home/alice:/bin/bash
bob:x:1001:1001:Bob:/home/bob:/bin/bash
`;
const group = `root:x:0:
alice:x:1000:
bob:x:1001:
operators:x:2000:alice
auditors:x:2001:alice,bob
`;

export const linuxVmx = `.encoding = "UTF-8"
config.version = "8"
virtualHW.version = "4"
displayName = "linux"
guestOS = "other26xlinux"
memsize = "64"
uuid.bios = "56 4d 01 02 03 04 05 06-07 08 09 0a 0b 0c 0d 0e"
ide0:0.present = "TRUE"
ide0:0.fileName = "linux.vmdk"
serial0.present = "TRUE"
serial0.fileType = "file"
serial0.fileName = "serial.log"
someone.elses = "key"
`;

export const linuxVmdk = `# Disk DescriptorFile
version=1
CID=fffffffe
parentCID=ffffffff
createType="vmfs"
RW 204800 VMFS "linux-flat.vmdk"
`;

export interface CallOptions {
  readonly session?: string | undefined;
  readonly version?: ApiVersion;
  readonly signal?: AbortSignal;
}

/** A fault as a client sees it. */
export class SeenFault extends Error {
  constructor(
    readonly type: string,
    readonly detail: object,
  ) {
    super(type);
  }
}

export const testPolicy: LoginPolicy = {
  verifyPassword: async (user, password) => password === `${user}-password`,
  localUser: async user => (user === 'root' ? { uid: 0, gid: 0 } : undefined),
};

/** hostd without sockets over a VMkernel double; calls go through the real encoder, dispatcher and decoder. */
export class TestHost {
  readonly folder = mkdtempSync(join(tmpdir(), 'hostd-'));
  /** The service console's root. */
  readonly consoleRoot = join(this.folder, 'console');
  readonly kernel = new VmkernelDouble();
  readonly shadow = new ShadowDouble(this.folder);
  readonly errors: unknown[] = [];
  #begun: Session | undefined;
  readonly logLevels: string[] = [];
  /** Lines that hostd would log as warnings. */
  readonly problems: string[] = [];
  host!: Host;

  static async start(): Promise<TestHost> {
    const test = new TestHost();
    mkdirSync(join(test.consoleRoot, 'proc'), { recursive: true });
    test.kernel.putFile('linux/linux.vmx', linuxVmx);
    test.kernel.putFile('linux/linux.vmdk', linuxVmdk);
    writeFileSync(join(test.folder, 'passwd'), passwd);
    writeFileSync(join(test.folder, 'group'), group);
    await test.kernel.listen(test.#socketPath);
    await test.boot();
    return test;
  }

  /** A new hostd on the same files, as after a kill. */
  async boot(options: Partial<HostOptions> = {}): Promise<void> {
    this.host = new Host(
      {
        about: aboutInfo('2.5u2'),
        ...options,
        machine: await readMachine(),
        uuid: '6a1c7a4e-0000-4000-8000-000000000001',
        inventoryPath: join(this.folder, 'vmInventory.xml'),
        consoleRoot: this.consoleRoot,
        logFolder: join(this.folder, 'log'),
        settingsFolder: join(this.folder, 'hostd'),
        newestVersion: '4.1',
        databasePath: join(this.folder, 'hostd.sqlite'),
      },
      {
        setLogLevel: level => this.logLevels.push(level),
        attachStatistics: () => undefined,
        connectVmkernel: () => VmkernelClient.connect(this.#socketPath),
        policy: testPolicy,
        accountTools: new AccountTools(this.shadow.run),
        accounts: new ConsoleAccounts({
          passwd: join(this.folder, 'passwd'),
          group: join(this.folder, 'group'),
        }),
        tickets: new LocalTickets(join(this.folder, 'tickets')),
        consoleDoor: () => ({ port: 903, sslThumbprint: '00:11' }),
        onError: error => this.errors.push(error),
        onProblem: problem => this.problems.push(problem),
      },
    );
    await this.host.start();
    await this.host.inventory.settled();
  }

  async stop(): Promise<void> {
    this.host.close();
    await this.host.managers.autoStart.settled();
    await this.kernel.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  get #socketPath(): string {
    return join(this.folder, 'control.sock');
  }

  /** The key by which others name the session of a cookie. */
  keyOf(cookie: string): string {
    return this.host.sessions.find(cookie)?.key ?? '';
  }

  /** @returns the cookie of a session */
  async login(userName = 'root'): Promise<string> {
    const args = { userName, password: `${userName}-password` };
    await this.call(moids.sessionManager, 'Login', args);
    return this.#begun?.cookie ?? '';
  }

  /** @throws SeenFault */
  async call<M extends keyof Methods>(
    target: ManagedObjectReference,
    method: M,
    args: Methods[M]['args'],
    { session, version = '4.1', signal = new AbortController().signal }: CallOptions = {},
  ): Promise<Methods[M]['returns']> {
    const body = writeRequest(schema, { method, namespace: 'urn:vim25', version, target, args });
    const answer = await this.host.dispatcher.handle({
      body,
      soapAction: `urn:vim25/${version}`,
      cookie: session,
      remoteAddress: '127.0.0.1',
      userAgent: 'test',
      signal,
    });
    this.#begun = answer.newSession;
    const reply = readReply(schema, method, version, answer.body);
    if ('fault' in reply) throw new SeenFault(typeNameOf(reply.fault.detail) ?? '', reply.fault.detail);
    return reply.value as Methods[M]['returns'];
  }

  /** One property by RetrieveProperties. */
  async read(
    session: string,
    object: ManagedObjectReference,
    path: string,
    version?: ApiVersion,
  ): Promise<unknown> {
    const propSet = [{ type: object.type, all: false, pathSet: [path] }];
    const specSet = [{ propSet, objectSet: [{ obj: object, skip: false }] }];
    const options = version === undefined ? { session } : { session, version };
    const found = await this.call(moids.propertyCollector, 'RetrieveProperties', { specSet }, options);
    return untyped(found?.[0]?.propSet?.[0]?.val);
  }

  /** Follows a task to its end. */
  async finish(session: string, task: ManagedObjectReference): Promise<TaskInfo> {
    const spec = {
      propSet: [{ type: 'Task', all: false, pathSet: ['info'] }],
      objectSet: [{ obj: task, skip: false }],
    };
    const collector = await this.call(moids.propertyCollector, 'CreatePropertyCollector', {}, { session });
    await this.call(collector, 'CreateFilter', { spec, partialUpdates: false }, { session });
    for (let version = ''; ; ) {
      const set = await this.call(collector, 'WaitForUpdates', { version }, { session });
      version = set.version;
      const info = (await this.read(session, task, 'info')) as TaskInfo;
      if (info.state !== 'success' && info.state !== 'error') continue;
      await this.call(collector, 'DestroyPropertyCollector', {}, { session });
      return info;
    }
  }

  /** Registers the linux machine. */
  async register(session: string, path = '[storage1] linux/linux.vmx'): Promise<ManagedObjectReference> {
    const info = await this.finish(session, await this.startRegister(session, path));
    if (info.state === 'error') throw new SeenFault(info.error?.fault._type ?? '', info.error?.fault ?? {});
    return untyped(info.result) as ManagedObjectReference;
  }

  startRegister(session: string, path: string): Promise<ManagedObjectReference> {
    const args = { path, asTemplate: false, pool: moids.rootPool };
    return this.call(moids.vmFolder, 'RegisterVM_Task', args, { session });
  }
}

/** The type of the fault that the call ends with. */
export async function faultOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'no fault';
  } catch (error) {
    if (error instanceof SeenFault) return error.type;
    throw error;
  }
}
