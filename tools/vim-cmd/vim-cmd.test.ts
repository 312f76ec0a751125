import { describe, expect, it } from 'vitest';
import { ManagedObjectReference, type ServiceContent } from '../../lib/vim/index.js';
import { AgentFault, type HostAgent } from './agent.js';
import { dispatch } from './dispatch.js';
import { parseFlags } from './flags.js';
import { localAddress } from './local-agent.js';
import { tableText } from './table.js';
import { datastorePath } from './vm-commands.js';

const ref = (type: string, value: string): ManagedObjectReference => new ManagedObjectReference(type, value);

interface Call {
  readonly target: string;
  readonly method: string;
  readonly args: unknown;
}

/** An agent that answers from a script: method to answer. What it cannot answer fails the test. */
function scripted(answers: Readonly<Record<string, (args: unknown, nth: number) => unknown>>): {
  agent: HostAgent;
  calls: Call[];
} {
  const calls: Call[] = [];
  const content = {
    rootFolder: ref('Folder', 'ha-folder-root'),
    propertyCollector: ref('PropertyCollector', 'ha-property-collector'),
    viewManager: ref('ViewManager', 'ViewManager'),
  } as ServiceContent;
  const call = async (target: ManagedObjectReference, method: string, args: object): Promise<unknown> => {
    const nth = calls.filter(earlier => earlier.method === method).length;
    calls.push({ target: `${target.type}:${target.value}`, method, args });
    const answer = answers[method];
    if (answer === undefined) throw new Error(`no answer for ${method}`);
    return answer(args, nth);
  };
  return { agent: { content, call }, calls };
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
const vm = (id: string, properties: Readonly<Record<string, string>>): unknown => ({
  obj: ref('VirtualMachine', id),
  propSet: Object.entries(properties).map(([name, val]) => ({ name, val })),
});
const taskIn = (states: readonly object[]): Record<string, (args: unknown, nth: number) => unknown> => ({
  CreateFilter: () => ref('PropertyFilter', 'filter-1'),
  DestroyPropertyFilter: () => undefined,
  WaitForUpdates: (_args, nth) => ({ version: `${nth + 1}` }),
  RetrieveProperties: (_args, nth) => [
    { obj: ref('Task', 'task-1'), propSet: [{ name: 'info', val: states[nth] }] },
  ],
});

describe('vmsvc/getallvms', () => {
  const views = {
    CreateContainerView: () => ref('ContainerView', 'view-1'),
    DestroyView: () => undefined,
  };

  it('lists VMs by vmid in columns that ghettoVCB splits', async () => {
    const { agent, calls } = scripted({
      ...views,
      RetrieveProperties: () => [
        vm('112', { 'summary.config.name': 'b' }),
        vm('16', {
          'summary.config.name': 'linux',
          'summary.config.vmPathName': '[storage1] linux/linux.vmx',
          'summary.config.guestId': 'otherLinuxGuest',
          'config.version': 'vmx-04',
          'summary.config.annotation': 'first line\nsecond     line',
        }),
      ],
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
    expect(calls.at(-1)).toMatchObject({ target: 'ContainerView:view-1', method: 'DestroyView' });
  });

  it('prints the header alone when there are none', async () => {
    const { agent } = scripted({ ...views, RetrieveProperties: () => undefined });
    expect(await run(agent, 'vmsvc/getallvms')).toBe(
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
    const { agent, calls } = scripted({
      RetrieveProperties: () => [
        { obj: ref('VirtualMachine', '16'), propSet: [{ name: 'runtime', val: { powerState } }] },
      ],
    });
    expect(await run(agent, 'vmsvc/power.getstate', '16')).toBe(`Retrieved runtime info\n${text}\n`);
    expect(JSON.stringify(calls[0]?.args)).toContain('"obj":{"type":"VirtualMachine","value":"16"}');
  });

  it.each([
    ['on', 'PowerOnVM_Task', 'Powering on VM:\n'],
    ['off', 'PowerOffVM_Task', 'Powering off VM:\n'],
    ['reset', 'ResetVM_Task', 'Reset VM:\n'],
  ])('%s waits for the end of the task', async (operation, method, text) => {
    const { agent, calls } = scripted({
      [method]: () => ref('Task', 'task-1'),
      ...taskIn([{ state: 'running' }, { state: 'running' }, { state: 'success' }]),
    });
    expect(await run(agent, `vmsvc/power.${operation}`, '16')).toBe(text);
    expect(calls[0]).toMatchObject({ target: 'VirtualMachine:16', method });
    expect(calls.filter(call => call.method === 'WaitForUpdates').map(call => call.args)).toEqual([
      { version: '' },
      { version: '1' },
      { version: '2' },
    ]);
    expect(calls.at(-1)?.method).toBe('DestroyPropertyFilter');
  });

  it('fails with the typed fault of the task', async () => {
    const fault = { _type: 'InvalidPowerState', existingState: 'poweredOn' };
    const error = { fault, localizedMessage: 'The attempted operation cannot be performed' };
    const { agent } = scripted({
      PowerOnVM_Task: () => ref('Task', 'task-1'),
      ...taskIn([{ state: 'error', error }]),
    });
    await expect(run(agent, 'vmsvc/power.on', '16')).rejects.toMatchObject({
      name: 'AgentFault',
      code: 'InvalidPowerState',
      message: 'The attempted operation cannot be performed',
      detail: fault,
    });
  });

  it.each(['99', 'linux', '', '-1', '1e3'])('knows no VM %j', async vmid => {
    const gone = (): never => {
      throw new AgentFault('ManagedObjectNotFound', 'The object has already been deleted', {});
    };
    const { agent } = scripted({ RetrieveProperties: gone });
    await expect(run(agent, 'vmsvc/power.getstate', vmid)).rejects.toMatchObject({
      code: 'NoSuchVm',
      message: `Unable to find a VM corresponding to "${vmid}"`,
    });
  });
});

describe('solo/registervm', () => {
  it('prints the new vmid', async () => {
    const { agent, calls } = scripted({
      CreateContainerView: args => ref('ContainerView', (args as { type: string[] }).type.join()),
      DestroyView: () => undefined,
      RegisterVM_Task: () => ref('Task', 'task-1'),
      ...taskIn([]),
      RetrieveProperties: (_args, nth) =>
        [
          [{ obj: ref('Datacenter', 'dc'), propSet: [{ name: 'vmFolder', val: ref('Folder', 'vm') }] }],
          [
            {
              obj: ref('ComputeResource', 'compute'),
              propSet: [{ name: 'resourcePool', val: ref('ResourcePool', 'pool') }],
            },
          ],
          [
            {
              obj: ref('Task', 'task-1'),
              propSet: [{ name: 'info', val: { state: 'success', result: ref('VirtualMachine', '32') } }],
            },
          ],
        ][nth],
    });
    expect(await run(agent, 'solo/registervm', '/vmfs/volumes/storage1/a b/c.vmx', 'web')).toBe('32\n');
    expect(calls.find(call => call.method === 'RegisterVM_Task')).toMatchObject({
      target: 'Folder:vm',
      args: { path: '[storage1] a b/c.vmx', name: 'web', asTemplate: false, pool: { value: 'pool' } },
    });
  });

  it('leaves a datastore path as it is', () => {
    expect(datastorePath('[storage1] a/a.vmx')).toBe('[storage1] a/a.vmx');
    expect(datastorePath('/vmfs/volumes/4b0c1f2e-0a1b2c3d/x/y.vmx')).toBe('[4b0c1f2e-0a1b2c3d] x/y.vmx');
  });
});

describe('the command line', () => {
  it('lists what exists without connecting', async () => {
    const print: string[] = [];
    for (const words of [[], ['help'], ['vmsvc'], ['vmsvc/'], ['help', 'vmsvc/power.on']])
      await dispatch(words, nobody, text => print.push(text));
    expect(print[0]).toBe('Commands available under /:\nsolo/\nvmsvc/\n');
    expect(print[1]).toBe(print[0]);
    expect(print[2]).toContain('vmsvc/power.getstate <vmid>');
    expect(print[3]).toBe(print[2]);
    expect(print[4]).toContain('vmsvc/power.on vmid');
  });

  it.each([
    [['vmsvc/nothing'], 'UnknownCommand'],
    [['hostsvc/'], 'UnknownCommand'],
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

  it('finds this host’s agent at the offset of the session’s ssh port', () => {
    expect(localAddress('10.0.0.9 55555 127.0.0.1 8022')).toEqual({ host: '127.0.0.1', port: 8443 });
    for (const text of ['', 'x', 'a 1 b', 'a 1 b c', 'a 1 b 70000'])
      expect(localAddress(text)).toEqual({ host: '127.0.0.1', port: 443 });
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
