import { describe, expect, it } from 'vitest';
import type { DirectoryEntry } from '../../../kernel/abi/index.js';
import { asksFor, kindOf, nameMatcher } from './file-kinds.js';

const entry = (name: string, type: DirectoryEntry['type'] = 'file'): DirectoryEntry => ({
  name,
  type,
  sizeBytes: 1,
  allocatedBytes: 1,
  modifiedMs: 0,
  owner: 0,
});

describe('kindOf', () => {
  it.each([
    ['vm.vmdk', 'VmDisk'],
    ['VM.VMDK', 'VmDisk'],
    ['vm-000001.vmdk', 'VmDisk'],
    ['vm-flat.vmdk', undefined],
    ['vm-000001-delta.vmdk', undefined],
    ['vm-s001.vmdk', undefined],
    ['vm-rdmp.vmdk', undefined],
    ['vm.vmx', 'VmConfig'],
    ['vm.vmtx', 'TemplateConfig'],
    ['vmware-3.log', 'VmLog'],
    ['vm.nvram', 'VmNvram'],
    ['vm-Snapshot1.vmsn', 'VmSnapshot'],
    ['tools.ISO', 'IsoImage'],
    ['boot.flp', 'FloppyImage'],
    ['notes', undefined],
  ])('takes %s for %s', (name, kind) => expect(kindOf(entry(name))).toBe(kind));

  it('takes a folder for a folder whatever its name', () => {
    expect(kindOf(entry('vm.vmdk', 'directory'))).toBe('Folder');
  });
});

describe('asksFor', () => {
  it('asks for any file by the base query, for templates also by that of configurations', () => {
    expect(asksFor({ _type: 'FileQuery' }, undefined)).toBe(true);
    expect(asksFor({}, 'VmDisk')).toBe(true);
    expect(asksFor({ _type: 'VmConfigFileQuery' }, 'TemplateConfig')).toBe(true);
    expect(asksFor({ _type: 'TemplateConfigFileQuery' }, 'VmConfig')).toBe(false);
    expect(asksFor({ _type: 'VmDiskFileQuery' }, undefined)).toBe(false);
  });
});

describe('nameMatcher', () => {
  it.each([
    [['*'], 'anything', true],
    [['*.vmdk'], 'a.vmdk', true],
    [['*.vmdk'], 'a.vmdk.bak', false],
    [['a*b*c'], 'a-bb-xc', true],
    [['a*b*c'], 'a-bb-x', false],
    [['?.iso'], 'a.iso', true],
    [['?.iso'], '.iso', false],
    [['[a].iso'], '[a].iso', true],
    [['x', 'y*'], 'yes', true],
    [[''], '', true],
    [[], 'all', true],
  ] as const)('%j and %s: %s', (patterns, name, matches) => {
    expect(nameMatcher(patterns, false)(name)).toBe(matches);
  });

  it('folds case only where it is asked to', () => {
    expect(nameMatcher(['*.ISO'], true)('tools.iso')).toBe(true);
    expect(nameMatcher(['*.ISO'], false)('tools.iso')).toBe(false);
  });

  it('needs no time that grows with a hostile pattern', () => {
    const startMs = performance.now();
    expect(nameMatcher([`${'*a'.repeat(500)}b`], false)('a'.repeat(255))).toBe(false);
    expect(performance.now() - startMs).toBeLessThan(100);
  });
});
