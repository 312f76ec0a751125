import { GuestBuildError } from '../guest-build-error.js';
import { section } from './elf32.js';

export interface KernelModule {
  readonly name: string;
  /** Without its signature. */
  readonly bytes: Buffer;
  readonly depends: readonly string[];
  readonly aliases: readonly string[];
}

const SIGNATURE_MARK = '~Module signature appended~\n';
const SIGNATURE_INFO_BYTES = 12;

/** Modules are named with either of "-" and "_"; the kernel says "_". */
export const moduleName = (file: string): string => file.replace(/\.ko$/, '').replaceAll('-', '_');

export const parseModule = (file: string, content: Buffer): KernelModule => {
  const bytes = withoutSignature(content);
  const info = section(bytes, '.modinfo');
  if (info === undefined) throw new GuestBuildError('BadModule', `${file} has no .modinfo`, { reason: file });
  const lines = info.toString('latin1').split('\0');
  const values = (key: string): string[] =>
    lines.filter(line => line.startsWith(`${key}=`)).map(line => line.slice(key.length + 1));
  return {
    name: moduleName(file),
    bytes,
    depends: values('depends').flatMap(list => list.split(',').filter(Boolean).map(moduleName)),
    aliases: values('alias'),
  };
};

/**
 * Checking a signature costs the guest's engine more than loading the module (an RSA verification and a hash of all its
 * bytes), and nothing here enforces signatures.
 */
const withoutSignature = (content: Buffer): Buffer => {
  if (content.toString('latin1', content.length - SIGNATURE_MARK.length) !== SIGNATURE_MARK) return content;
  const info = content.length - SIGNATURE_MARK.length - SIGNATURE_INFO_BYTES;
  const [signer = 0, key = 0] = [content[info + 3], content[info + 4]];
  const end = info - content.readUInt32BE(info + 8) - signer - key;
  if (end <= 0) throw new GuestBuildError('BadModule', 'a module signature longer than its module');
  return content.subarray(0, end);
};

/** These modules and all they depend on, each after its dependencies. */
export const closure = (
  wanted: readonly string[],
  find: (name: string) => KernelModule,
): readonly KernelModule[] => {
  const ordered = new Map<string, KernelModule>();
  const visit = (name: string, trail: readonly string[]): void => {
    if (ordered.has(name)) return;
    if (trail.includes(name)) {
      throw new GuestBuildError('BadModule', `modules depend on each other: ${trail.join(' ')} ${name}`);
    }
    const found = find(name);
    for (const dependency of found.depends) visit(dependency, [...trail, name]);
    ordered.set(name, found);
  };
  for (const name of wanted) visit(moduleName(name), []);
  return [...ordered.values()];
};

/** modules.dep as busybox's modprobe reads it: of a module's dependencies the last is loaded first. */
export const modulesDep = (modules: readonly KernelModule[]): string => {
  const byName = new Map(modules.map(module => [module.name, module]));
  const all = (module: KernelModule): string[] =>
    closure(module.depends, name => byName.get(name) ?? missing(name)).map(found => `${found.name}.ko`);
  return modules
    .map(module => `${module.name}.ko: ${all(module).reverse().join(' ')}`.trim())
    .join('\n')
    .concat('\n');
};

export const modulesAlias = (modules: readonly KernelModule[]): string =>
  modules.flatMap(m => m.aliases.map(alias => `alias ${alias} ${m.name}\n`)).join('');

const missing = (name: string): never => {
  throw new GuestBuildError('BadModule', `module ${name} is missing`, { reason: name });
};
