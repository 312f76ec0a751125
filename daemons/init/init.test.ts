import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readDatastores } from './datastores.js';
import { readHostConfig, writeHostConfig } from './host-config.js';
import { HostFolder } from './host-folder.js';
import { candidateOffsets, MAX_PORT_OFFSET, PORTS } from './listeners.js';
import { parseOptions } from './options.js';
import { parseStat, readProcess } from './process-table.js';
import { RestartPolicy } from './restart-policy.js';

describe('RestartPolicy', () => {
  it('restarts at once, then later and later, never later than half a minute', () => {
    const policy = new RestartPolicy();
    const delays = Array.from({ length: 9 }, () => policy.nextDelayMs(10));
    expect(delays).toEqual([0, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000]);
  });

  it('forgives what lived for a minute', () => {
    const policy = new RestartPolicy();
    for (let i = 0; i < 5; i++) policy.nextDelayMs(10);
    expect([policy.nextDelayMs(60_000), policy.nextDelayMs(10)]).toEqual([0, 1000]);
  });
});

describe('port offsets', () => {
  it('tries the last boot’s, the product’s own, then round ones, each within 16 bits', () => {
    expect(candidateOffsets(undefined).slice(0, 4)).toEqual([0, 8000, 8100, 8200]);
    expect(candidateOffsets(21000).slice(0, 3)).toEqual([21000, 0, 8000]);
    for (const offset of candidateOffsets(undefined))
      expect(Math.max(...Object.values(PORTS)) + offset).toBeLessThan(65536);
  });
});

describe('flags', () => {
  it('reads an offset, or leaves it open', () => {
    expect(parseOptions([]).portOffset).toBeUndefined();
    expect(parseOptions(['--port-offset', 'auto']).portOffset).toBeUndefined();
    expect(parseOptions(['--port-offset', '0']).portOffset).toBe(0);
  });

  it('refuses what makes no sense, naming the flag', () => {
    for (const value of ['-1', '1.5', '', 'x', String(MAX_PORT_OFFSET + 1), '99999999'])
      expect(() => parseOptions([`--port-offset=${value}`])).toThrow(/--port-offset/);
    for (const value of ['localhost', '::1', '1.2.3'])
      expect(() => parseOptions(['--bind', value])).toThrow(/--bind/);
    expect(() => parseOptions(['--boot-id', '../x'])).toThrow(/--boot-id/);
  });
});

describe('the process table', () => {
  it('reads names with anything in them', () => {
    const fields = `S 7 1 1 0 -1 4194560 ${'0 '.repeat(12)}12345 0`;
    expect(parseStat(`42 (a) b) (c) ${fields}`)).toEqual({
      pid: 42,
      name: 'a) b) (c',
      parentPid: 7,
      startTicks: 12345,
      ended: false,
    });
  });

  it('is undefined for text that is no row, cut off anywhere', () => {
    const row = readFileSync('/proc/self/stat', 'utf8');
    const whole = parseStat(row);
    expect(whole?.pid).toBe(process.pid);
    expect(whole?.parentPid).toBe(process.ppid);
    const upToStart = row.split(' ').slice(0, 21).join(' ');
    for (let length = 0; length < upToStart.length; length++)
      expect(parseStat(row.slice(0, length))).toBeUndefined();
    expect(readProcess(2 ** 22 + 1)).toBeUndefined();
  });
});

describe('files of a host', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'init-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('keeps host.json’s unknown keys and its identity', () => {
    const path = join(folder, 'host.json');
    const fresh = readHostConfig(path);
    writeHostConfig(path, { ...fresh, portOffset: 8000, bind: '127.0.0.1', other: [1] });
    expect(readHostConfig(path)).toEqual({
      hostUuid: fresh.hostUuid,
      portOffset: 8000,
      bind: '127.0.0.1',
      other: [1],
    });
  });

  it('refuses a host.json that is damaged, naming it', () => {
    const path = join(folder, 'host.json');
    for (const text of [
      '',
      '{',
      '[]',
      '{}',
      '{"hostUuid":1}',
      '{"hostUuid":"x","portOffset":1.5}',
      '{"hostUuid":"x","bind":7}',
    ]) {
      writeFileSync(path, text);
      expect(() => readHostConfig(path), text).toThrow(/host\.json/);
    }
  });

  it('takes datastores whose volume and label cannot lead anywhere', () => {
    const path = join(folder, 'datastores.json');
    expect(readDatastores(path)).toEqual([]);
    const good = { volume: '4a5b6c7d-01020304', label: 'storage1', path: '/x' };
    writeFileSync(path, JSON.stringify([{ ...good, extra: 1 }]));
    expect(readDatastores(path)).toEqual([good]);
    for (const bad of [
      { volume: '..' },
      { volume: '/etc' },
      { label: '..' },
      { label: 'a/b' },
      { label: '' },
      { path: 'x' },
    ]) {
      writeFileSync(path, JSON.stringify([{ ...good, ...bad }]));
      expect(() => readDatastores(path), JSON.stringify(bad)).toThrow(/datastores\.json/);
    }
  });

  it('closes the host’s folder to other users, unless it holds something else', () => {
    new HostFolder(join(folder, 'own'));
    expect(statSync(join(folder, 'own')).mode & 0o777).toBe(0o700);
    writeFileSync(join(folder, 'theirs'), '');
    const before = statSync(folder).mode;
    new HostFolder(folder);
    expect(statSync(folder).mode).toBe(before);
  });
});
