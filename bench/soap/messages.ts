/** SOAP messages as text. Names of objects come from the server's own replies and need no escaping. */

export interface Reference {
  readonly type: string;
  readonly value: string;
}

const ENVELOPE =
  '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" ' +
  'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>';
const ENVELOPE_END = '</soapenv:Body></soapenv:Envelope>';

export function message(target: Reference, method: string, args = ''): string {
  return `${ENVELOPE}<${method} xmlns="urn:vim25">${ref('_this', target)}${args}</${method}>${ENVELOPE_END}`;
}

export function ref(tag: string, { type, value }: Reference): string {
  return `<${tag} type="${type}">${value}</${tag}>`;
}

export const SERVICE_INSTANCE: Reference = { type: 'ServiceInstance', value: 'ServiceInstance' };

/** @param paths none: all properties */
export function propertySpec(type: string, paths: readonly string[]): string {
  const set = paths.map(path => `<pathSet>${path}</pathSet>`).join('');
  return `<propSet><type>${type}</type><all>${paths.length === 0}</all>${set}</propSet>`;
}

export function objectSpec(object: Reference): string {
  return `<objectSet>${ref('obj', object)}<skip>false</skip></objectSet>`;
}

/** Everything that a container view lists. */
export function viewSpec(view: Reference): string {
  const traversal =
    '<selectSet xsi:type="TraversalSpec"><type>ContainerView</type><path>view</path><skip>false</skip></selectSet>';
  return `<objectSet>${ref('obj', view)}<skip>true</skip>${traversal}</objectSet>`;
}

export function createView(viewManager: Reference, container: Reference, type: string): string {
  const args = `${ref('container', container)}<type>${type}</type><recursive>true</recursive>`;
  return message(viewManager, 'CreateContainerView', args);
}

export function retrieve(collector: Reference, propSet: string, objectSet: string): string {
  return message(collector, 'RetrieveProperties', `<specSet>${propSet}${objectSet}</specSet>`);
}

export function createFilter(collector: Reference, propSet: string, objectSet: string): string {
  const args = `<spec>${propSet}${objectSet}</spec><partialUpdates>false</partialUpdates>`;
  return message(collector, 'CreateFilter', args);
}

export function rename(entity: Reference, name: string): string {
  return message(entity, 'Rename_Task', `<newName>${name}</newName>`);
}

export function annotate(vm: Reference, text: string): string {
  return message(vm, 'ReconfigVM_Task', `<spec><annotation>${text}</annotation></spec>`);
}
