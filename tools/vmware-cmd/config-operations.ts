import type { ResourceAllocationInfo, VirtualMachineConfigSpec } from '../../lib/vim/index.js';
import { TypedValue } from '../../lib/vim/index.js';
import { parseVmx } from '../../lib/vmx/index.js';
import type { Control, ControlledVm } from './control.js';
import type { Operation } from './operation.js';
import { UsageError, VmControlError } from './vm-control-error.js';

async function reconfigure(
  control: Control,
  { vm }: ControlledVm,
  spec: VirtualMachineConfigSpec,
): Promise<void> {
  await control.agent.waitForTask(await control.agent.call(vm, 'ReconfigVM_Task', { spec }));
}

async function configValue(control: Control, vm: ControlledVm, key: string): Promise<string> {
  return parseVmx(await control.configFile(vm)).get(key) ?? '';
}

/** Keys that the API has places for; all others are the machine's extra configuration. */
function specOf(key: string, value: string): VirtualMachineConfigSpec {
  switch (key.toLowerCase()) {
    case 'displayname':
      return { name: value };
    case 'annotation':
      return { annotation: value };
    case 'memsize':
      return { memoryMB: wholeNumber(value) };
    case 'numvcpus':
      return { numCPUs: wholeNumber(value) };
    default:
      return { extraConfig: [{ key, value: new TypedValue('string', false, value) }] };
  }
}

function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new VmControlError(-1, `'${text}' is no number`);
}

/** Reads and writes of the configuration file's keys, each below a prefix. */
function keyOperations(get: string, set: string, prefix: string, what: string): Operation[] {
  return [
    {
      name: get,
      parameters: ['variable'],
      summary: `The value of ${what}`,
      run: (control, vm, [variable = '']) => configValue(control, vm, `${prefix}${variable}`),
    },
    {
      name: set,
      parameters: ['variable', 'value'],
      summary: `Sets ${what}`,
      async run(control, vm, [variable = '', value = '']) {
        await reconfigure(control, vm, specOf(`${prefix}${variable}`, value));
        return 1;
      },
    },
  ];
}

const RESOURCES = /^(cpu|mem)\.(shares|min|max)$/;
const FIELDS: Readonly<Record<string, keyof ResourceAllocationInfo>> = { min: 'reservation', max: 'limit' };

function resourceOf(variable: string): { allocation: 'cpuAllocation' | 'memoryAllocation'; name: string } {
  const [, resource, name = ''] = RESOURCES.exec(variable) ?? [];
  if (resource === undefined) throw new UsageError('the variable is cpu. or mem. with shares, min or max');
  return { allocation: resource === 'cpu' ? 'cpuAllocation' : 'memoryAllocation', name };
}

const getResource: Operation = {
  name: 'getresource',
  parameters: ['variable'],
  summary: 'Shares, reservation (min) or limit (max) of cpu (MHz) or mem (MB)',
  async run(control, { vm }, [variable = '']) {
    const { allocation, name } = resourceOf(variable);
    const info = await control.property<ResourceAllocationInfo>(vm, `config.${allocation}`);
    if (name === 'shares') return info.shares?.shares ?? '';
    return String(info[FIELDS[name] ?? 'limit'] ?? '');
  },
};

const setResource: Operation = {
  name: 'setresource',
  parameters: ['variable', 'value'],
  summary: 'Sets what getresource tells; a limit of -1 is none',
  async run(control, vm, [variable = '', value = '']) {
    const { allocation, name } = resourceOf(variable);
    const amount = value === '-1' && name === 'max' ? -1 : wholeNumber(value);
    const info: ResourceAllocationInfo =
      name === 'shares'
        ? { shares: { shares: amount, level: 'custom' } }
        : { [FIELDS[name] ?? 'limit']: amount };
    await reconfigure(control, vm, { [allocation]: info });
    return 1;
  },
};

const getConfigFile: Operation = {
  name: 'getconfigfile',
  parameters: [],
  summary: "The path of the machine's configuration file",
  run: async (_control, { path }) => path,
};

export const CONFIG_OPERATIONS: readonly Operation[] = [
  getConfigFile,
  ...keyOperations('getconfig', 'setconfig', '', 'a variable of the configuration file'),
  ...keyOperations('getguestinfo', 'setguestinfo', 'guestinfo.', 'a variable that host and guest share'),
  getResource,
  setResource,
];
