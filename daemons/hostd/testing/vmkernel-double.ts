import { createServer, type Server, type Socket } from 'node:net';
import {
  ADVANCED_OPTIONS,
  type AdvancedOptionInfo,
  type CallName,
  type CallRequest,
  type Calls,
  type Change,
  type DatastoreInfo,
  encodeFrame,
  FrameDecoder,
  type HardwareInfo,
  type VmInfo,
  VmkernelError,
  type VmkernelErrorCode,
  type VmQuestion,
} from '../../../kernel/abi/index.js';

import { parseVmx } from '../../../lib/vmx/index.js';
import { DoubleFiles } from './double-files.js';
import { type DoubleClaim, DoublePools } from './double-pools.js';

export const hardware: HardwareInfo = {
  systemVendor: 'Dell Inc.',
  productName: 'PowerEdge 2950',
  biosVersion: '2.5.0',
  biosDate: '09/12/2008',
  pciDevices: [
    {
      address: '0000:02:01.0',
      classId: 0x0200,
      vendorId: 0x8086,
      deviceId: 0x100f,
      subVendorId: 0x15ad,
      subDeviceId: 0x0750,
      vendorName: 'Intel Corporation',
      deviceName: '82545EM',
    },
  ],
  numaNodes: [],
};

/**
 * A VMkernel for tests of its clients: files in memory, machines that are on or off, the wire of the control
 * socket. It runs nothing. It is no part of the product.
 */
export class VmkernelDouble {
  readonly running = new Map<string, VmInfo>();
  readonly calls: { readonly name: CallName; readonly args: unknown }[] = [];
  readonly volume = '4a3f9c01-0badcafe';
  readonly #tree = new DoubleFiles(this.volume);
  readonly files = this.#tree.files;
  readonly folders = this.#tree.folders;
  readonly pools = new DoublePools({
    capacity: { cpu: 4000, memory: 4096 },
    reserved: vmxPath => this.#reserved(vmxPath),
    running: () => [...this.running.keys()],
    publish: (object, event) => this.publish({ topic: 'config', object, event }),
  });
  /** The error that the next power-on ends with. */
  failure: VmkernelError | undefined;
  /** Sees every call before it does something and again before it is answered; both wait for it. */
  tap: (name: CallName, at: 'before' | 'after') => Promise<void> = async () => undefined;
  /** Power operations wait until this resolves. */
  gate: Promise<void> = Promise.resolve();
  /** esx.conf */
  readonly config = new Map([['/boot/memSize', '272']]);
  bootId = 'boot-1';
  goingDown: Calls['hostPower']['args'] | undefined;
  hostBootTimeMs = 1_225_000_000_000;
  freeBytes = 60 * 2 ** 30;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #watchers = new Set<Socket>();
  #seq = 0;
  #nextWorld = 1024;

  constructor() {
    this.#server = createServer(socket => this.#serve(socket));
  }

  async listen(path: string): Promise<void> {
    await new Promise<void>(resolve => {
      this.#server.listen(path, resolve);
    });
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>(resolve => {
      this.#server.close(() => resolve());
    });
  }

  /** Ends all connections as a VMkernel that dies does. */
  dropConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  putFile(name: string, text: string): void {
    this.#tree.put(`/vmfs/volumes/${this.volume}/${name}`, Buffer.from(text));
  }

  fileText(name: string): string | undefined {
    return this.files.get(`/vmfs/volumes/${this.volume}/${name}`)?.toString();
  }

  publish(change: Omit<Change, 'seq'>): void {
    this.#seq += 1;
    for (const socket of this.#watchers) socket.write(encodeFrame({ change: { ...change, seq: this.#seq } }));
  }

  /** A machine ends by itself. */
  die(vmxPath: string, reason: string): void {
    this.running.delete(vmxPath);
    this.publish({ topic: 'vm', object: vmxPath, event: 'poweredOff', reason, cause: 'failure' });
  }

  #serve(socket: Socket): void {
    const decoder = new FrameDecoder();
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.#watchers.delete(socket);
    });
    socket.on('data', chunk => {
      for (const frame of decoder.push(chunk)) {
        this.#answer(socket, frame.header as CallRequest, frame.body).catch((error: unknown) =>
          socket.destroy(error as Error),
        );
      }
    });
  }

  async #answer(socket: Socket, request: CallRequest, body: Uint8Array): Promise<void> {
    this.calls.push({ name: request.call, args: request.args });
    try {
      await this.tap(request.call, 'before');
      const { result, data } = await this.#call(socket, request, body);
      await this.tap(request.call, 'after');
      socket.write(encodeFrame({ id: request.id, result }, data));
    } catch (error) {
      if (!(error instanceof VmkernelError)) throw error;
      const { code, message, details } = error;
      socket.write(encodeFrame({ id: request.id, error: { code, message, details } }));
    }
  }

  async #call(
    socket: Socket,
    { call, args }: CallRequest,
    body: Uint8Array,
  ): Promise<{ result: unknown; data?: Uint8Array }> {
    switch (call) {
      case 'hostInfo':
        return { result: this.#hostInfo() };
      case 'hardwareInfo':
        return { result: hardware };
      case 'getConfig':
        return { result: { value: this.config.get((args as Calls['getConfig']['args']).key) ?? null } };
      case 'setConfig':
        return { result: this.#setConfig(args as Calls['setConfig']['args']) };
      case 'listOptions':
        return { result: { options: this.#listOptions() } };
      case 'setOptions':
        return { result: this.#setOptions(args as Calls['setOptions']['args']) };
      case 'hostPower':
        this.#goDown(args as Calls['hostPower']['args']);
        return { result: {} };
      case 'service':
        return { result: { state: 'running', pid: 77 } };
      case 'memoryOverhead':
        return { result: { overheadBytes: 111 * 2 ** 20 } };
      case 'listVms':
        return { result: { vms: [...this.running.values()] } };
      case 'listDatastores':
        return { result: { datastores: [this.#datastore()] } };
      case 'watch':
        this.#watchers.add(socket);
        return { result: { bootId: this.bootId, seq: this.#seq, gap: false } };
      case 'powerOn':
        return { result: await this.#powerOn(args as Calls['powerOn']['args']) };
      case 'powerOff':
        await this.#powerOff(args as Calls['powerOff']['args']);
        return { result: {} };
      case 'reset':
        await this.gate;
        return { result: {} };
      case 'reconfigure':
        this.#reconfigure(args as Calls['reconfigure']['args']);
        return { result: {} };
      case 'answer':
        this.#answerQuestion(args as Calls['answer']['args']);
        return { result: {} };
      default:
        return this.#fileCall(call, args, body);
    }
  }

  #fileCall(call: CallName, args: unknown, body: Uint8Array): { result: unknown; data?: Uint8Array } {
    const answer = this.pools.call(call, args) ?? this.#tree.call(call, args, body);
    if (answer === undefined) throw failure('NotSupported', `${call} is not part of the double`, {});
    return answer;
  }

  async #powerOn({ vmxPath }: Calls['powerOn']['args']): Promise<VmInfo> {
    await this.gate;
    const { failure: error } = this;
    this.failure = undefined;
    if (error !== undefined) throw error;
    if (!this.files.has(vmxPath)) throw failure('NotFound', `There is no ${vmxPath}`, { path: vmxPath });
    if (this.running.has(vmxPath)) throw failure('InvalidState', 'It is on', { state: 'poweredOn' });
    this.pools.requireRoom(vmxPath, this.#claim(vmxPath));
    const vm = this.#vm(vmxPath);
    this.running.set(vmxPath, vm);
    this.publish({ topic: 'vm', object: vmxPath, event: 'poweredOn' });
    return vm;
  }

  #reconfigure({ vmxPath, changes }: Calls['reconfigure']['args']): void {
    if (!this.running.has(vmxPath)) throw failure('InvalidState', 'It is off', { state: 'poweredOff' });
    const vmx = parseVmx(this.files.get(vmxPath) ?? Buffer.alloc(0));
    for (const [key, value] of Object.entries(changes.settings))
      value === null ? vmx.delete(key) : vmx.set(key, value);
    this.#tree.put(vmxPath, Buffer.from(vmx.toBytes()));
    this.publish({ topic: 'config', object: vmxPath, event: 'reconfigured' });
  }

  /** MHz and MB that the configuration file reserves. */
  #claim(vmxPath: string): DoubleClaim {
    const vmx = parseVmx(this.files.get(vmxPath) ?? Buffer.alloc(0));
    return {
      cpu: Number(vmx.get('sched.cpu.min') ?? 0),
      memory: Number(vmx.get('sched.mem.min') ?? 0),
    };
  }

  #reserved(vmxPath: string): DoubleClaim {
    return this.running.has(vmxPath) ? this.#claim(vmxPath) : { cpu: 0, memory: 0 };
  }

  #vm(vmxPath: string): VmInfo {
    this.#nextWorld += 1;
    return {
      worldId: this.#nextWorld,
      name: vmxPath,
      vmxPath,
      state: 'poweredOn',
      pid: 4242,
      memoryMb: 64,
      bootTimeMs: 1_225_000_100_000,
    };
  }

  /** A machine asks something, or nothing any more. */
  ask(vmxPath: string, question: VmQuestion | undefined, state: VmInfo['state'] = 'poweredOn'): void {
    const { question: _before, ...vm } = this.running.get(vmxPath) ?? this.#vm(vmxPath);
    this.running.set(vmxPath, { ...vm, state, ...(question === undefined ? {} : { question }) });
    this.publish({ topic: 'vm', object: vmxPath, event: question === undefined ? 'answered' : 'question' });
  }

  #answerQuestion({ vmxPath, questionId, choice }: Calls['answer']['args']): void {
    const asked = this.running.get(vmxPath)?.question;
    if (asked?.id !== questionId) throw failure('InvalidState', 'It is not asked', { questionId });
    if (!asked.choices.some(({ key }) => key === choice))
      throw failure('InvalidArgument', 'No such choice', { argument: 'choice' });
    this.ask(vmxPath, undefined);
  }

  async #powerOff({ vmxPath }: Calls['powerOff']['args']): Promise<void> {
    await this.gate;
    if (!this.running.delete(vmxPath)) throw failure('InvalidState', 'It is off', { state: 'poweredOff' });
    this.publish({ topic: 'vm', object: vmxPath, event: 'poweredOff' });
  }

  #setConfig({ key, value }: Calls['setConfig']['args']): Record<string, never> {
    this.config.set(key, value);
    this.publish({ topic: 'host', object: key, event: 'configured' });
    return {};
  }

  #listOptions(): AdvancedOptionInfo[] {
    return ADVANCED_OPTIONS.map(({ path, description, min, max, defaultValue }) => {
      const value = Number(this.config.get(`/adv${path}`) ?? defaultValue);
      return { path, description, min, max, defaultValue, value };
    });
  }

  #setOptions({ changes }: Calls['setOptions']['args']): Record<string, never> {
    for (const { path, value } of changes) {
      const { min = 0, max = 0 } = ADVANCED_OPTIONS.find(option => option.path === path) ?? {};
      if (value < min || value > max) throw failure('InvalidArgument', 'Out of range', { argument: path });
    }
    for (const { path, value } of changes) this.#setConfig({ key: `/adv${path}`, value: String(value) });
    return {};
  }

  #goDown(request: Calls['hostPower']['args']): void {
    if (this.goingDown !== undefined) throw failure('Busy', 'The host goes down already', {});
    this.goingDown = request;
  }

  #hostInfo(): Calls['hostInfo']['result'] {
    return {
      bootId: this.bootId,
      bootTimeMs: this.hostBootTimeMs,
      abiHash: 1,
      shmDir: '/dev/shm/esx-none',
      machineMemoryBytes: 4 * 2 ** 30,
      pcpus: [0, 1],
      pcpuMhz: 2000,
      hostName: 'esx1.local',
      version: '3.5.0',
      ...(this.goingDown === undefined ? {} : { goingDown: this.goingDown }),
    };
  }

  #datastore(): DatastoreInfo {
    return {
      volume: this.volume,
      label: 'storage1',
      type: 'NAS',
      path: `/vmfs/volumes/${this.volume}`,
      capacityBytes: 100 * 2 ** 30,
      freeBytes: this.freeBytes,
      accessible: true,
    };
  }
}

function failure(code: VmkernelErrorCode, message: string, details: Record<string, unknown>): VmkernelError {
  return new VmkernelError(code, message, details);
}
