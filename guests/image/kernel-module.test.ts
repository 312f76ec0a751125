import { describe, expect, it } from 'vitest';
import { GuestBuildError } from '../guest-build-error.js';
import { closure, type KernelModule, modulesDep } from './kernel-module.js';

const module = (name: string, ...depends: string[]): KernelModule => ({
  name,
  bytes: Buffer.alloc(0),
  depends,
  aliases: [],
});

const modules = [module('mptspi', 'mptscsih', 'mptbase'), module('mptscsih', 'mptbase'), module('mptbase')];
const find = (name: string): KernelModule => {
  const found = modules.find(m => m.name === name);
  if (found === undefined) throw new Error(name);
  return found;
};

describe('closure', () => {
  it('lists each module once, after what it depends on', () => {
    expect(closure(['mptspi', 'mptbase'], find).map(m => m.name)).toEqual(['mptbase', 'mptscsih', 'mptspi']);
  });

  it('refuses modules that depend on each other', () => {
    const circle = new Map([
      ['a', module('a', 'b')],
      ['b', module('b', 'a')],
    ]);
    expect(() => closure(['a'], name => circle.get(name) ?? module(name))).toThrow(GuestBuildError);
  });
});

describe('modulesDep', () => {
  it('names all dependencies, the one to load first last', () => {
    expect(modulesDep(modules).split('\n')[0]).toBe('mptspi.ko: mptscsih.ko mptbase.ko');
  });
});
