import { describe, expect, it } from 'vitest';
import { loadVimSchema, ManagedObjectReference, TypedValue } from '../../lib/vim/index.js';
import { Dump } from './dump.js';

const dump = new Dump(loadVimSchema());

describe('a printed data object', () => {
  it('has the product’s type name, each field of 2.5 in the schema’s order, and says which are unset', () => {
    const summary = {
      datastore: new ManagedObjectReference('Datastore', 'a-b'),
      name: 'storage1',
      url: '/vmfs/volumes/a-b',
      capacity: 10,
      freeSpace: 5,
      accessible: true,
      type: 'VMFS',
      maintenanceMode: 'normal', // of a later version
    };
    expect(dump.text(summary, 'DatastoreSummary')).toBe(`(vim.Datastore.Summary) {
   dynamicType = <unset>,
   datastore = 'vim.Datastore:a-b',
   name = "storage1",
   url = "/vmfs/volumes/a-b",
   capacity = 10,
   freeSpace = 5,
   accessible = true,
   multipleHostAccess = <unset>,
   type = "VMFS",
}
`);
  });

  it('tells null objects, lists and what values really are', () => {
    const device = { _type: 'VirtualCdrom', key: 3002, backing: undefined };
    const hardware = { numCPU: 1, memoryMB: 8, device: [device] };
    const lines = dump.text(hardware, 'VirtualHardware').split('\n');
    expect(lines.slice(4, 8)).toEqual([
      '   device = (vim.vm.device.VirtualDevice) [',
      '      (vim.vm.device.VirtualCdrom) {',
      '         dynamicType = <unset>,',
      '         key = 3002,',
    ]);
    expect(lines).toContain('         backing = (vim.vm.device.VirtualDevice.BackingInfo) null,');
    const option = { key: 'Mem.IdleTax', value: new TypedValue('long', false, 75) };
    expect(dump.text([option], 'OptionValue', true)).toBe(`(vim.option.OptionValue) [
   (vim.option.OptionValue) {
      dynamicType = <unset>,
      key = "Mem.IdleTax",
      value = 75,
   }
]
`);
    expect(dump.text([], 'Task', true)).toBe('(ManagedObjectReference) []\n');
  });
});
