import { loadVimSchema, type ManagedObjectReference } from '../../lib/vim/index.js';
import type { HostAgent } from './agent.js';
import { Dump } from './dump.js';

/** A value as the product prints it. @param type as declared, of a member where `array` is set */
export function dumped(value: unknown, type: string, array = false): string {
  return new Dump(loadVimSchema()).text(value, type, array);
}

/** A first-level property as the product prints it. */
export async function dumpedProperty(
  agent: HostAgent,
  object: ManagedObjectReference,
  name: string,
): Promise<string> {
  const value = (await agent.read(object, [name])).get(name);
  const field = loadVimSchema().field(object.type, name);
  return dumped(value, field?.type ?? 'string', field?.array);
}
