import { describe, expect, it } from 'vitest';
import type { PoolInfo } from '../../kernel/abi/index.js';
import { changed, groupAt, NORMAL, parseCommandLine, splitPath, treeText } from './index.js';

const usage = { reservationUsed: 0, reservationUsedForVm: 0, unreservedForPool: 0, unreservedForVm: 0 };
const pool = (poolId: number, parentId: number, name: string): PoolInfo => ({
  poolId,
  parentId,
  name,
  cpu: NORMAL,
  memory: NORMAL,
  vms: [],
  cpuUsage: usage,
  memoryUsage: usage,
});
const POOLS = [pool(0, -1, 'Resources'), pool(3, 0, 'high'), pool(7, 3, 'web'), pool(8, 0, 'web')];

describe('esxcfg-resgrp', () => {
  it('finds groups by their paths', () => {
    expect(['/', '/high', '/high/web', 'web'].map(path => groupAt(POOLS, path)?.poolId)).toEqual([
      0, 3, 7, 8,
    ]);
    expect(groupAt(POOLS, '/high/none')).toBeUndefined();
    expect(splitPath('/high/new')).toEqual({ parent: '/high', name: 'new' });
  });

  it('shows the tree, children below their parent', () => {
    const names = treeText(POOLS)
      .split('\n')
      .map(line => line.split('  cpu:')[0]);
    expect(names).toEqual(['/', '  high', '    web', '  web', '']);
  });

  it.each([
    [['-l'], { act: 'list' }],
    [[], { act: 'usage' }],
    [['--add', '/a', 'cpu.min=1'], { act: 'add', path: '/a', settings: ['cpu.min=1'] }],
    [['-c', '/a', 'mem.max=1'], { act: 'change', path: '/a', settings: ['mem.max=1'] }],
    [['-m', '/a', '/'], { act: 'move', path: '/a', parent: '/' }],
    [['-d', '/a'], { act: 'delete', path: '/a' }],
  ])('understands %j', (args, wanted) => {
    expect(parseCommandLine(args)).toEqual(wanted);
  });

  it.each([
    [['-x']],
    [['/a']],
    [['-l', '/a']],
    [['-a']],
    [['-c', '/a']],
    [['-m', '/a']],
    [['-m', '/a', '/b', '/c']],
    [['-d', '/a', '/b']],
    [['-d', '']],
    [['constructor']],
  ])('refuses %j', args => {
    expect(parseCommandLine(args)).toMatchObject({ act: 'refuse' });
  });

  it.each([
    ['min', '500', { reservation: 500 }],
    ['max', 'unlimited', { limit: null }],
    ['shares', '9000', { level: 'custom', shares: 9000 }],
    ['shares', 'low', { level: 'low' }],
    ['expandable', 'no', { expandable: false }],
  ])('understands %s=%s', (key, value, change) => {
    expect(changed(NORMAL, key, value)).toEqual({ ...NORMAL, ...change });
  });

  it.each([
    ['min', '-1'],
    ['max', 'much'],
    ['shares', 'vast'],
    ['units', 'mhz'],
  ])('refuses %s=%s', (key, value) => {
    expect(changed(NORMAL, key, value)).toBeUndefined();
  });
});
