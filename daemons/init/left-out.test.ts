import { expect, it } from 'vitest';
import { leftOut } from './left-out.js';

const all = { consoleTasksLimited: true, hasFuse: true, portsMoved: false, portOffset: 0 };
const manyIds = '         0       1000          1\n         1     100000      65536\n';
const whats = (facts: typeof all): string[] => leftOut(facts, manyIds).map(({ what }) => what);

it('a host without /dev/fuse says that it has no /proc/vmware', () => {
  expect(whats(all)).not.toContain('/proc/vmware in the service console');
  expect(leftOut({ ...all, hasFuse: false }, manyIds)).toContainEqual({
    what: '/proc/vmware in the service console',
    why: '/dev/fuse cannot be opened',
  });
});

it('a host whose user has one id has no other accounts', () => {
  const alone = leftOut(all, '         0       1000          1\n').map(({ what }) => what);
  expect(alone).toContain('accounts of the service console beside root');
  expect(whats(all)).not.toContain('accounts of the service console beside root');
});
