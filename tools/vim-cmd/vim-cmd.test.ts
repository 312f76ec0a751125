import { describe, expect, it } from 'vitest';
import { ManagedObjectReference } from '../../lib/vim/index.js';
import { VimClientFault } from '../../lib/vim-client/index.js';
import type { HostAgent } from './agent.js';
import { dispatch } from './dispatch.js';
import { parseFlags } from './flags.js';
import { tableText } from './table.js';
import { datastorePath } from './targets.js';

const ref = (type: string, value: string): ManagedObjectReference => new ManagedObjectReference(type, value);

interface Answers {
  /** By method. */
  readonly calls?: Readonly<Record<string, (target: ManagedObjectReference, args: unknown) => unknown>>;
  /** By `type`. */
  readonly find?: Readonly<Record<string, readonly [id: string, properties: Record<string, unknown>][]>>;
  readonly read?: (object: ManagedObjectReference) => Record<string, unknown>;
  readonly taskEnd?: (task: ManagedObjectReference) => unknown;
}

/** An agent that answers from a script. What it cannot answer fails the test. */
function scripted(answers: Answers): HostAgent {
  const agent = {
    call: async (target: ManagedObjectReference, method: string, args: object) => {
      const answer = answers.calls?.[method];
      if (answer === undefined) throw new Error(`no answer for ${method}`);
      return answer(target, args);
    },
    find: async (type: string) =>
      (answers.find?.[type] ?? []).map(([id, properties]) => ({
        object: ref(type, id),
        properties: new Map(Object.entries(properties)),
      })),
    read: async (object: ManagedObjectReference) => new Map(Object.entries(answers.read?.(object) ?? {})),
    waitForTask: async (task: ManagedObjectReference) => answers.taskEnd?.(task),
  };
  return agent as unknown as HostAgent;
}

async function run(agent: HostAgent, ...words: string[]): Promise<string> {
  let out = '';
  await dispatch(
    words,
    async () => ({ agent, close: async () => undefined }),
    text => {
      out += text;
    },
  );
  return out;
}

const nobody = (): Promise<never> => Promise.reject(new Error('connected for nothing'));

describe('vmsvc/getallvms', () => {
  it('lists VMs by vmid in columns that ghettoVCB splits', async () => {
    const linux = {
      'summary.config.name': 'linux',
      'summary.config.vmPathName': '[storage1] linux/linux.vmx',
      'summary.config.guestId': 'otherLinuxGuest',
      'config.version': 'vmx-04',
      'summary.config.annotation': 'first line\nsecond     line',
    };
    const agent = scripted({
      find: {
        VirtualMachine: [
          ['112', { 'summary.config.name': 'b' }],
          ['16', linux],
        ],
      },
    });
    const [header, first, second, end] = (await run(agent, 'vmsvc/getallvms')).split('\n');
    expect(header?.split(/ {3,}/)).toEqual(['Vmid', 'Name', 'File', 'Guest OS', 'Version', 'Annotation']);
    expect(first?.split(/ {3,}/)).toEqual([
      '16',
      'linux',
      '[storage1] linux/linux.vmx',
      'otherLinuxGuest',
      'vmx-04',
      'first line second  line',
    ]);
    expect(first?.indexOf('[storage1]')).toBe(header?.indexOf('File'));
    expect(second).toBe('112     b');
    expect(end).toBe('');
  });

  it('prints the header alone when there are none', async () => {
    expect(await run(scripted({}), 'vmsvc/getallvms')).toBe(
      'Vmid    Name    File    Guest OS    Version    Annotation\n',
    );
  });
});

describe('vmsvc/power', () => {
  it.each([
    ['poweredOn', 'Powered on'],
    ['poweredOff', 'Powered off'],
    ['suspended', 'Suspended'],
  ])('getstate prints %s', async (powerState, text) => {
    const asked: string[] = [];
    const agent = scripted({
      read: object => {
        asked.push(`${object.type}:${object.value}`);
        return { runtime: { powerState } };
      },
    });
    expect(await run(agent, 'vmsvc/power.getstate', '16')).toBe(`Retrieved runtime info\n${text}\n`);
    expect(asked).toEqual(['VirtualMachine:16']);
  });

  it.each([
    ['on', 'PowerOnVM_Task', 'Powering on VM:\n'],
    ['off', 'PowerOffVM_Task', 'Powering off VM:\n'],
    ['reset', 'ResetVM_Task', 'Reset VM:\n'],
  ])('%s waits for the end of the task', async (operation, method, text) => {
    const steps: string[] = [];
    const agent = scripted({
      calls: {
        [method]: target => {
          steps.push(`${target.type}:${target.value}`);
          return ref('Task', 'task-1');
        },
      },
      taskEnd: task => steps.push(task.value),
    });
    expect(await run(agent, `vmsvc/power.${operation}`, '16')).toBe(text);
    expect(steps).toEqual(['VirtualMachine:16', 'task-1']);
  });

  it('fails with the typed fault of the task', async () => {
    const fault = new VimClientFault('InvalidPowerState', 'It cannot be performed', {});
    const agent = scripted({
      calls: { PowerOnVM_Task: () => ref('Task', 'task-1') },
      taskEnd: () => {
        throw fault;
      },
    });
    await expect(run(agent, 'vmsvc/power.on', '16')).rejects.toBe(fault);
  });

  it.each(['99', 'linux', '', '-1', '1e3'])('knows no VM %j', async vmid => {
    const agent = scripted({
      read: () => {
        throw new VimClientFault('ManagedObjectNotFound', 'The object has already been deleted', {});
      },
    });
    await expect(run(agent, 'vmsvc/power.getstate', vmid)).rejects.toMatchObject({
      code: 'NoSuchVm',
      message: `Unable to find a VM corresponding to "${vmid}"`,
    });
  });
});

describe('solo/registervm', () => {
  it('prints the new vmid', async () => {
    const asked: unknown[] = [];
    const agent = scripted({
      find: {
        Datacenter: [['dc', { vmFolder: ref('Folder', 'vm') }]],
        ComputeResource: [['compute', { resourcePool: ref('ResourcePool', 'pool') }]],
      },
      calls: {
        RegisterVM_Task: (target, args) => {
          asked.push(target.value, args);
          return ref('Task', 'task-1');
        },
      },
      taskEnd: () => ({ result: ref('VirtualMachine', '32') }),
    });
    expect(await run(agent, 'solo/registervm', '/vmfs/volumes/storage1/a b/c.vmx', 'web')).toBe('32\n');
    const args = {
      path: '[storage1] a b/c.vmx',
      name: 'web',
      asTemplate: false,
      pool: ref('ResourcePool', 'pool'),
    };
    expect(asked).toEqual(['vm', args]);
  });

  it('leaves a datastore path as it is', () => {
    expect(datastorePath('[storage1] a/a.vmx')).toBe('[storage1] a/a.vmx');
    expect(datastorePath('/vmfs/volumes/4b0c1f2e-0a1b2c3d/x/y.vmx')).toBe('[4b0c1f2e-0a1b2c3d] x/y.vmx');
  });
});

describe('hostsvc/rsrc', () => {
  const asked: unknown[] = [];
  const agent = scripted({
    calls: {
      CreateResourcePool: (target, args) => {
        asked.push(target.value, args);
        return ref('ResourcePool', 'pool7');
      },
    },
  });

  it('makes a pool of options and words in any order, and prints it', async () => {
    const words = ['--cpu-min=100', 'ha-root-pool', '--cpu-shares=high', 'web', '--mem-max=64'];
    expect(await run(agent, 'hostsvc/rsrc/create', ...words)).toBe("'vim.ResourcePool:pool7'\n");
    const free = { reservation: 0, expandableReservation: true, limit: -1 };
    const spec = {
      cpuAllocation: { ...free, reservation: 100, shares: { level: 'high', shares: 0 } },
      memoryAllocation: { ...free, limit: 64, shares: { level: 'normal', shares: 0 } },
    };
    expect(asked).toEqual(['ha-root-pool', { name: 'web', spec }]);
  });

  it.each(['--cpu-min=x', '--cpu-min', '--disk-min=1', '--cpu-shares=most', '--cpu-min-expandable=2'])(
    'does not understand %s',
    async option => {
      const create = run(agent, 'hostsvc/rsrc/create', 'ha-root-pool', 'web', option);
      await expect(create).rejects.toMatchObject({ code: 'BadArguments' });
    },
  );
});

describe('the command line', () => {
  it('lists what exists without connecting', async () => {
    const print: string[] = [];
    for (const words of [[], ['help'], ['vmsvc'], ['vmsvc/'], ['help', 'vmsvc/power.on']])
      await dispatch(words, nobody, text => print.push(text));
    expect(print[0]).toBe('Commands available under /:\nhostsvc/\ninternalsvc/\nsolo/\nvimsvc/\nvmsvc/\n');
    expect(print[1]).toBe(print[0]);
    expect(print[2]).toContain('vmsvc/power.getstate <vmid>');
    expect(print[3]).toBe(print[2]);
    expect(print[4]).toContain('vmsvc/power.on vmid');
  });

  it.each([
    [['vmsvc/nothing'], 'UnknownCommand'],
    [['proxysvc/'], 'UnknownCommand'],
    [['help', 'x'], 'UnknownCommand'],
    [['vmsvc/power.on'], 'BadArguments'],
    [['vmsvc/power.on', '16', '17'], 'BadArguments'],
    [['vmsvc/getallvms', '16'], 'BadArguments'],
  ])('refuses %j without connecting', async (words, code) => {
    await expect(dispatch(words, nobody, () => undefined)).rejects.toMatchObject({ code });
  });

  it('takes options before the command and leaves the rest to it', () => {
    expect(
      parseFlags(['-H', 'esx2', '-O', '8443', '-U', 'root', '-P', 'x y', 'solo/registervm', '-p']),
    ).toEqual({
      help: false,
      host: 'esx2',
      port: 8443,
      user: 'root',
      password: 'x y',
      words: ['solo/registervm', '-p'],
    });
    expect(parseFlags([])).toMatchObject({ host: null, port: null, user: null, words: [] });
    expect(parseFlags(['-h']).help).toBe(true);
  });

  it.each([
    ['-x'],
    ['-O', '0'],
    ['-O', '65536'],
    ['-O', 'https'],
    ['-U', 'root'],
    ['-P', 'x'],
    ['-H', 'esx2', 'vmsvc/getallvms'],
    ['-O'],
  ])('refuses %s %s', (...args) => {
    expect(() => parseFlags(args)).toThrow(expect.objectContaining({ code: 'BadArguments' }));
  });

  it('keeps columns apart whatever stands in them', () => {
    const text = tableText(
      ['A', 'B'],
      [
        ['x   y', 'z'],
        ['', 'w'],
      ],
    );
    expect(text).toBe('A       B\nx  y    z\n        w\n');
  });
});
