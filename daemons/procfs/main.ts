import { lstatSync, read, readdirSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PRODUCT } from '../../kernel/abi/index.js';
import { attachStatistics } from '../../kernel/client/index.js';
import { closeFd, nowUs, setThreadName } from '../../lib/linux/index.js';
import { BUFFER_BYTES, FuseServer } from './fuse-server.js';
import type { Place } from './tree.js';
import { VmkernelLink } from './vmkernel-link.js';
import { vmwareTree } from './vmware-tree.js';

const { values } = parseArgs({
  options: {
    'fuse-fd': { type: 'string' },
    'shm-dir': { type: 'string' },
    'control-socket': { type: 'string' },
    'proc-dir': { type: 'string', default: '/.proc' },
    'ready-fd': { type: 'string' },
  },
});
/** It is not mounted yet. */
const UNMOUNTED_MS = 20;
const procDir = values['proc-dir'];
const fuseFd = Number(values['fuse-fd']);
setThreadName('procfs');
process.title = 'procfs';

const vmware = vmwareTree({
  statistics: attachStatistics(values['shm-dir'] ?? ''),
  version: PRODUCT,
  nowUs,
  vmkernel: new VmkernelLink(values['control-socket']),
});
/** Where the console has Linux's own /proc. */
const LINK_DIR = '/.proc';

/** /proc: what Linux shows there, by links to where it is mounted, and vmware. */
const root: Place = {
  kind: 'folder',
  names: () => [...readdirSync(procDir), 'vmware'],
  child: name => {
    if (name === 'vmware') return vmware;
    const found = lstatSync(join(procDir, name), { throwIfNoEntry: false });
    return found === undefined ? undefined : { kind: 'link', target: join(LINK_DIR, name) };
  },
};
const server = new FuseServer(root);
const buffer = Buffer.alloc(BUFFER_BYTES);

function next(): void {
  read(fuseFd, buffer, 0, buffer.length, null, (error, length) => {
    if (error?.code === 'ENODEV') process.exit(0); // the console ended
    if (error === null) {
      const answer = server.handle(buffer.subarray(0, length));
      if (answer instanceof Promise) void answer.then(send);
      else if (answer !== undefined) send(answer);
    } else if (error.code === 'EPERM') {
      setTimeout(next, UNMOUNTED_MS);
      return;
    } else if (error.code !== 'EINTR' && error.code !== 'EAGAIN' && error.code !== 'ENOENT') throw error;
    next();
  });
}

function send(answer: Buffer): void {
  try {
    writeSync(fuseFd, answer);
  } catch (error) {
    // Who asked is gone.
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}

const readyFd = values['ready-fd'];
if (readyFd !== undefined) {
  writeSync(Number(readyFd), 'ready\n');
  closeFd(Number(readyFd));
}
next();
