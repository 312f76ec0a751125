import { describe, expect, it } from 'vitest';
import { ManagedObjectReference } from '../../lib/vim/index.js';
import { VimClientError, VimClientFault } from '../../lib/vim-client/index.js';
import { jobOf, parseCommandLine, usage } from './command-line.js';
import type { HostAgent } from './control.js';
import { OPERATIONS } from './operations.js';
import { asControlError, errorText, UsageError, VmControlError } from './vm-control-error.js';

const VMX = '/vmfs/volumes/5f3b-77/linux/linux.vmx';
const vm = new ManagedObjectReference('VirtualMachine', '16');
const task = new ManagedObjectReference('Task', 'haTask-1');

type Calls = [method: string, args: unknown][];

interface Script {
  readonly read?: Record<string, unknown>;
  readonly refuse?: Record<string, string>;
  readonly vmx?: string;
}

/** A host with one machine and one datastore, which writes down what it is called with. */
function agent({ read = {}, refuse = {}, vmx = '' }: Script, calls: Calls = []): HostAgent {
  const objects: Record<string, [ManagedObjectReference, Record<string, unknown>]> = {
    VirtualMachine: [vm, { 'summary.config.vmPathName': '[storage1] linux/linux.vmx' }],
    Datastore: [
      new ManagedObjectReference('Datastore', 'd'),
      { summary: { name: 'storage1', url: '/vmfs/volumes/5f3b-77' } },
    ],
  };
  const made = {
    content: { about: { productLineId: 'esx', osType: 'vmnix-x86', build: '153875', version: '3.5.0' } },
    find: async (type: string) => {
      const found = objects[type];
      return found === undefined ? [] : [{ object: found[0], properties: new Map(Object.entries(found[1])) }];
    },
    read: async (_object: unknown, paths: readonly string[]) =>
      new Map(paths.flatMap(path => (path in read ? [[path, read[path]] as const] : []))),
    call: async (_object: unknown, method: string, args: unknown) => {
      calls.push([method, args]);
      const code = refuse[method];
      if (code !== undefined) throw new VimClientFault(code, 'refused', {});
      return task;
    },
    waitForTask: async () => ({}),
    download: async (path: string) => {
      calls.push(['GET', path]);
      return Buffer.from(vmx);
    },
  };
  return made as unknown as HostAgent;
}

async function run(made: HostAgent, args: readonly string[], line = ''): Promise<string> {
  let out = '';
  const dialogue = {
    print: (text: string) => {
      out += text;
    },
    readLine: async () => line,
  };
  await jobOf(parseCommandLine(args))(made, dialogue);
  return out;
}

describe('vmware-cmd', () => {
  it('lists machines by the paths of their files on the volume', async () => {
    expect(await run(agent({}), ['-l'])).toBe(`${VMX}\n`);
  });

  it.each([['storage1'], ['5f3b-77']])('finds a machine by a path that names its volume %s', async volume => {
    const made = agent({ read: { runtime: { powerState: 'poweredOff' } } });
    const path = `/vmfs/volumes/${volume}/linux/linux.vmx`;
    expect(await run(made, [path, 'getstate'])).toBe('getstate() = off\n');
    expect(await run(made, ['-q', path, 'getstate'])).toBe('off\n');
  });

  it('says that a machine with a question is stuck, and answers by the number of a choice', async () => {
    const choice = {
      choiceInfo: [
        { key: '7', label: 'Keep' },
        { key: '8', label: 'Create' },
      ],
      defaultIndex: 1,
    };
    const runtime = { powerState: 'poweredOn', question: { id: '3', text: 'moved?', choice } };
    const calls: Calls = [];
    const made = agent({ read: { runtime } }, calls);
    expect(await run(made, [VMX, 'getstate'])).toBe('getstate() = stuck\n');
    await run(made, [VMX, 'answer'], '0');
    await run(made, [VMX, 'answer'], '');
    expect(calls).toEqual([
      ['AnswerVM', { questionId: '3', answerChoice: '7' }],
      ['AnswerVM', { questionId: '3', answerChoice: '8' }],
    ]);
  });

  it('asks the guest softly, the machine hardly, and with trysoft the machine where no guest answers', async () => {
    const methods = async (mode: string, deaf: boolean) => {
      const calls: Calls = [];
      const made = agent(deaf ? { refuse: { ShutdownGuest: 'ToolsUnavailable' } } : {}, calls);
      await run(made, [VMX, 'stop', mode]);
      return calls.map(([method]) => method);
    };
    expect(await methods('soft', false)).toEqual(['ShutdownGuest']);
    expect(await methods('hard', false)).toEqual(['PowerOffVM_Task']);
    expect(await methods('trysoft', false)).toEqual(['ShutdownGuest']);
    expect(await methods('trysoft', true)).toEqual(['ShutdownGuest', 'PowerOffVM_Task']);
    await expect(methods('soft', true)).rejects.toMatchObject({ code: 'ToolsUnavailable' });
  });

  it('reads variables from the file itself and writes each to its place in the specification', async () => {
    const calls: Calls = [];
    const made = agent({ vmx: 'memsize = "64"\nguestinfo.color = "blue"\n' }, calls);
    expect(await run(made, [VMX, 'getconfig', 'memsize'])).toBe('getconfig(memsize) = 64\n');
    expect(await run(made, [VMX, 'getguestinfo', 'color'])).toBe('getguestinfo(color) = blue\n');
    expect(calls[0]).toEqual(['GET', '/folder/linux/linux.vmx?dcPath=ha-datacenter&dsName=storage1']);
    calls.length = 0;
    await run(made, [VMX, 'setconfig', 'memsize', '128']);
    await run(made, [VMX, 'setguestinfo', 'color', 'red']);
    expect(calls).toEqual([
      ['ReconfigVM_Task', { spec: { memoryMB: 128 } }],
      [
        'ReconfigVM_Task',
        {
          spec: {
            extraConfig: [{ key: 'guestinfo.color', value: { type: 'string', array: false, value: 'red' } }],
          },
        },
      ],
    ]);
  });

  it('disconnects a device by its name in the file and no other', async () => {
    const connectable = { startConnected: true, allowGuestControl: true, connected: true };
    const device = [
      { key: 3002, controllerKey: 201, unitNumber: 0, connectable },
      { key: 8000, controllerKey: 400, unitNumber: 0, connectable },
    ];
    const calls: Calls = [];
    const made = agent({ read: { 'config.hardware.device': device } }, calls);
    expect(await run(made, [VMX, 'disconnectdevice', 'ide1:0'])).toBe('disconnectdevice(ide1:0) = 1\n');
    const changed = { ...device[0], connectable: { ...connectable, connected: false } };
    expect(calls).toEqual([
      ['ReconfigVM_Task', { spec: { deviceChange: [{ operation: 'edit', device: changed }] } }],
    ]);
    await expect(run(made, [VMX, 'connectdevice', 'ide0:0'])).rejects.toMatchObject({ code: -999 });
  });

  it('tells of a machine that is not registered what to do, in the product’s words', async () => {
    const path = '/vmfs/volumes/storage1/no/no.vmx';
    const error = await run(agent({}), [path, 'getstate']).catch((reason: unknown) => reason);
    expect(errorText(asControlError(error) ?? new VmControlError(-1, ''))).toBe(
      `/usr/bin/vmware-cmd: Could not connect to VM ${path}\n` +
        `  (VMControl error -11: No such virtual machine: The config file ${path} is not registered.\n` +
        'Please register the config file on the server.  For example:\n' +
        `vmware-cmd -s register "${path}")\n`,
    );
  });

  it('gives failures the product’s numbers', () => {
    const codeOf = (error: unknown) => asControlError(error)?.code;
    expect(codeOf(new VimClientFault('InvalidPowerState', '', {}))).toBe(-8);
    expect(codeOf(new VimClientFault('NotSupported', '', {}))).toBe(-999);
    expect(codeOf(new VimClientError('Unreachable', ''))).toBe(-14);
    expect(codeOf(new TypeError('ours'))).toBeUndefined();
  });

  it.each([
    [[]],
    [['-s', 'register']],
    [['-s', 'rename', VMX]],
    [['-l', VMX]],
    [[VMX]],
    [[VMX, 'fly']],
    [[VMX, 'getstate', 'now']],
    [[VMX, 'getconfig']],
    [['-U', 'root', '-l']],
    [['-x']],
    [['-O', '99999', '-l']],
    [['-O', '0', '-l']],
    [['-O', 'https', '-l']],
    [['-H', '', '-U', 'root', '-P', 'x', '-l']],
  ])('refuses %j before it connects to anybody', args => {
    expect(() => jobOf(parseCommandLine(args))).toThrow(UsageError);
  });

  it('names every operation in its help', () => {
    for (const { name } of OPERATIONS) expect(usage()).toContain(`    ${name} `);
  });
});
