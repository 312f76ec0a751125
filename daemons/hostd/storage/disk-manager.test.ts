import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { untyped } from '../../../lib/vim/index.js';
import { moids } from '../mo/moids.js';
import { faultOf, TestHost } from '../testing/test-host.js';

let test: TestHost;
let session: string;
beforeAll(async () => {
  test = await TestHost.start();
  session = await test.login();
});
afterAll(async () => {
  await test.stop();
  expect(test.errors).toEqual([]);
});

const query = (name: string) =>
  test.call(
    moids.virtualDiskManager,
    'QueryVirtualDiskInfo_Task',
    { name, includeParents: true },
    { session },
  );

describe('VirtualDiskManager', () => {
  it('tells what govc asks of a disk: its name, its type, no parent', async () => {
    const { state, result } = await test.finish(session, await query('[storage1] linux/linux.vmdk'));
    expect(state).toBe('success');
    expect(untyped(result)).toMatchObject([
      { unit: { name: '[storage1] linux/linux.vmdk' }, diskType: 'preallocated' },
    ]);
  });

  it('takes a URL of /folder for a name', async () => {
    const url = 'https://esx/folder/linux/linux.vmdk?dcPath=ha-datacenter&dsName=storage1';
    expect((await test.finish(session, await query(url))).state).toBe('success');
  });

  it('fails the task with the file as clients name it', async () => {
    const { error } = await test.finish(session, await query('[storage1] linux/none.vmdk'));
    expect(error?.fault).toMatchObject({ _type: 'FileNotFound', file: '[storage1] linux/none.vmdk' });
  });

  it('refuses names that are none before there is a task', async () => {
    expect(await faultOf(query('linux.vmdk'))).toBe('InvalidDatastorePath');
    expect(await faultOf(query('[storage1]'))).toBe('InvalidDatastorePath');
    expect(await faultOf(query('[storage1] ../x.vmdk'))).toBe('InvalidDatastorePath');
    expect(await faultOf(query('[nowhere] x.vmdk'))).toBe('InvalidDatastore');
    const args = { name: '[storage1] x.vmdk', datacenter: moids.host, includeParents: false };
    const other = test.call(moids.virtualDiskManager, 'QueryVirtualDiskInfo_Task', args, { session });
    expect(await faultOf(other)).toBe('InvalidArgument');
  });
});
