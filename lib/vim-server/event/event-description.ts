import {
  type ApiVersion,
  type EventArgDesc,
  type EventDescription,
  type EventDescriptionEventDetail,
  type VimSchema,
  versionIndex,
} from '../../vim/index.js';
import { invalidArgument } from '../object/vim-fault.js';
import { categoryOf, formatOf } from './event-messages.js';

const categories = [
  { key: 'info', label: 'Info', summary: 'Something happened as it should' },
  { key: 'warning', label: 'Warning', summary: 'Something to look at' },
  { key: 'error', label: 'Error', summary: 'Something failed' },
  { key: 'user', label: 'User', summary: 'Written by a user' },
];

/** All event types of the client's version with their texts. */
export function eventDescription(schema: VimSchema, version: ApiVersion): EventDescription {
  const newest = versionIndex(version);
  const types = schema.typeNames().filter(name => {
    return schema.isA(name, 'Event') && (schema.type(name)?.since ?? 0) <= newest;
  });
  return { category: categories.map(one => ({ ...one })), eventInfo: types.map(detail) };
}

/** Where the machine is known its name need not be said. */
function detail(type: string): EventDescriptionEventDetail {
  const format = formatOf(type);
  return {
    key: type,
    description: format.replaceAll(/[{}]/g, ''),
    category: categoryOf(type),
    formatOnDatacenter: format,
    formatOnComputeResource: format,
    formatOnHost: format.replaceAll('{host.name}', 'The host'),
    formatOnVm: format.replaceAll('{vm.name}', 'The virtual machine'),
    fullFormat: format,
  };
}

/** The arguments of an event type: its fields beyond those of every event. @throws VimFault InvalidArgument */
export function eventArguments(schema: VimSchema, eventTypeId: string): EventArgDesc[] {
  const type = eventTypeId.replace(/^vim\.event\./, '');
  if (!schema.isA(type, 'Event')) throw invalidArgument('eventTypeId');
  const common = new Set(schema.fields('Event').map(field => field.name));
  return schema
    .fields(type)
    .filter(field => !common.has(field.name))
    .map(field => ({ name: field.name, type: field.array ? `${field.type}[]` : field.type }));
}
