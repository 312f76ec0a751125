import { describe, expect, it } from 'vitest';
import { VimFault } from '../../../lib/vim-server/index.js';
import { parseFolderAddress } from '../folder/folder-address.js';
import { datastoreNameOf, parseDatastoreLocation } from './datastore-path.js';

const at = (datastore: string, file: string) => ({ datastore, file });

describe('parseDatastoreLocation', () => {
  it.each([
    ['[storage1]', at('storage1', '')],
    ['[storage1] ', at('storage1', '')],
    ['[storage1] /', at('storage1', '')],
    ['[storage1] vm/vm.vmx', at('storage1', 'vm/vm.vmx')],
    ['[storage1]vm/', at('storage1', 'vm')],
    ['[storage1] /vm//vm.vmx', at('storage1', 'vm/vm.vmx')],
    ['/vmfs/volumes/4a-5b/vm', at('4a-5b', 'vm')],
    ['/vmfs/volumes/4a-5b', at('4a-5b', '')],
    ['https://esx/folder/a%20b/c?dcPath=ha-datacenter&dsName=my%20store', at('my store', 'a b/c')],
  ])('reads %s', (text, location) => expect(parseDatastoreLocation(text)).toEqual(location));

  it.each([
    '',
    'storage1',
    '[]',
    '[a/b] x',
    ' [storage1] x',
    '[storage1] ..',
    '[storage1] a/../b',
    '[storage1] ./a',
    '[storage1] a\0b',
    `[storage1] ${'x'.repeat(2000)}`,
    '/vmfs/volumes/../etc/passwd',
    '/vmfs/devices/disks/x',
    'https://esx/folder/..%2f..%2fx?dsName=storage1',
    'https://esx/folder/x?dcPath=ha-datacenter',
    'https://esx/other/x?dsName=storage1',
    'https://esx/folder/%ff?dsName=storage1',
    'ftp://esx/folder/x?dsName=storage1',
  ])('refuses %j', text => {
    expect(() => parseDatastoreLocation(text)).toThrow(VimFault);
    expect(datastoreNameOf(text)).toBeUndefined();
  });
});

describe('parseFolderAddress', () => {
  it('takes the path as it was sent, before anything resolves it', () => {
    for (const path of ['../x', 'a/%2e%2e/x', 'a/..%2fx', '%2e/x', 'a%00', '%ff', '%'])
      expect(() => parseFolderAddress(`/folder/${path}?dsName=storage1`)).toThrow(VimFault);
    expect(parseFolderAddress('/folder/a%3Fb?dsName=s%201&dcPath=/ha-datacenter#x')).toEqual({
      kind: 'file',
      datastore: 's 1',
      file: 'a?b',
      isFolder: false,
    });
  });

  it('names what there is where no file is named', () => {
    expect(parseFolderAddress('/folder')).toEqual({ kind: 'datacenters' });
    expect(parseFolderAddress('/folder/?dcPath=ha-datacenter')).toEqual({ kind: 'datastores' });
    expect(() => parseFolderAddress('/folder?dcPath=other')).toThrow(VimFault);
    expect(() => parseFolderAddress('/folder/x?dcPath=ha-datacenter')).toThrow(VimFault);
  });
});
