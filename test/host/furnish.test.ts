import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestHost } from '../harness/index.js';

let host: TestHost;
let outside: string;

/** A host that is up without a guest, and a folder of the machine that the console must not reach. */
beforeEach(async () => {
  host = new TestHost();
  await host.up();
  outside = join(host.root, 'outside');
  mkdirSync(outside);
}, 300_000);
afterEach(() => host.stop());

const STORE = '/vmfs/volumes/storage1';

describe('./esx up on a host whose console lays traps', () => {
  it('follows no link in the place of the guest', async () => {
    await host.ssh(`ln -s ${outside} ${STORE}/linux`);
    const finished = await host.esx(['up']);
    expect(finished.status).toBe(1);
    expect(finished.stderr).toMatch(/^esx: .+/m);
    expect(finished.stderr).not.toMatch(/^\s+at /m);
    expect(readdirSync(outside)).toEqual([]);
  });

  it('writes nothing outside while its draft is renamed away and linked', async () => {
    const trap = [
      `cd ${STORE}; i=0`,
      'while :; do for d in .linux-*; do [ -d "$d" ] && [ ! -L "$d" ] && i=$((i+1)) && mv "$d" gone.$i &&',
      `ln -s ${outside} "$d"; done; done`,
    ]
      .join('; ')
      .replace('&&; ', '&& ');
    await host.ssh(`nohup sh -c '${trap}' >/dev/null 2>&1 & echo $! > /tmp/trap`);
    const finished = await host.esx(['up'], { timeoutMs: 300_000 });
    await host.ssh('kill -9 $(cat /tmp/trap)');
    const sprung = (await host.ssh(`ls -d ${STORE}/gone.*`)).stdout.toString();
    expect(sprung).toContain('gone.1');
    expect(finished.status).toBe(1);
    expect(finished.stderr).toMatch(/storage1/);
    expect(readdirSync(outside)).toEqual([]);
  });
});

describe('./esx status', () => {
  it('answers whatever lies in the place of the inventory', async () => {
    const path = '/etc/vmware/hostd/vmInventory.xml';
    for (const make of ['mkfifo', 'mkdir', 'ln -s /etc/passwd']) {
      await host.ssh(`rm -rf ${path}; ${make} ${path}`);
      const finished = await host.esx(['status', '--json'], { timeoutMs: 20_000 });
      expect(finished).toMatchObject({
        status: 0,
        stderr: expect.stringMatching(/inventory of VMs cannot be read/),
      });
      expect(JSON.parse(finished.stdout.toString())).toMatchObject({ vms: [] });
    }
    await host.ssh(`rm -rf ${path}`);
  });
});
