import { type HostConfigManager, ManagedObjectReference } from '../../lib/vim/index.js';
import { VimClientFault } from '../../lib/vim-client/index.js';
import { CommandError, type HostAgent } from './agent.js';

/** An operation on a VM; that there is no such VM is said in the command's own words. */
export async function onVm<T>(
  vmid: string,
  operation: (vm: ManagedObjectReference) => Promise<T>,
): Promise<T> {
  if (!/^[0-9]{1,10}$/.test(vmid)) throw noSuchVm(vmid);
  try {
    return await operation(new ManagedObjectReference('VirtualMachine', vmid));
  } catch (error) {
    if (error instanceof VimClientFault && error.code === 'ManagedObjectNotFound') throw noSuchVm(vmid);
    throw error;
  }
}

export function noSuchVm(vmid: string): CommandError {
  return new CommandError('NoSuchVm', `Unable to find a VM corresponding to "${vmid}"`);
}

export function reference(value: unknown): ManagedObjectReference {
  if (value instanceof ManagedObjectReference) return value;
  throw new CommandError('NotAvailable', 'The host agent answered without an object');
}

/** A host has one datacenter, one compute resource and one host system. */
export async function propertyOfFirst(
  agent: HostAgent,
  type: string,
  path: string,
): Promise<ManagedObjectReference> {
  const [first] = await agent.find(type, [path]);
  return reference(first?.properties.get(path));
}

export async function theHost(agent: HostAgent): Promise<ManagedObjectReference> {
  const [first] = await agent.find('HostSystem', ['name']);
  return reference(first?.object);
}

/** One of the host's managers, such as `networkSystem`. @throws CommandError when the host agent has none */
export async function hostManager(
  agent: HostAgent,
  name: keyof HostConfigManager & string,
): Promise<ManagedObjectReference> {
  const path = `configManager.${name}`;
  const found = (await agent.read(await theHost(agent), [path])).get(path);
  if (found instanceof ManagedObjectReference) return found;
  throw new CommandError('NotAvailable', `The host agent has no ${name}`);
}

export async function datastoreNamed(agent: HostAgent, name: string): Promise<ManagedObjectReference> {
  const found = await agent.find('Datastore', ['name']);
  const datastore = found.find(one => one.properties.get('name') === name);
  if (datastore === undefined) throw new CommandError('BadArguments', `There is no datastore '${name}'`);
  return datastore.object;
}

/** `/vmfs/volumes/<datastore>/<rest>`, as a shell completes it, is `[datastore] rest` to the host agent. */
export function datastorePath(path: string): string {
  const match = /^\/vmfs\/volumes\/([^/]+)\/+(.+)$/.exec(path);
  return match === null ? path : `[${match[1]}] ${match[2]}`;
}

export function wholeNumber(text: string, name: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new CommandError('BadArguments', `${name}: '${text}' is no number`);
}
