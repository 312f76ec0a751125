import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { PrivateApt } from '../apt/private-apt.js';
import { GuestBuildError } from '../guest-build-error.js';
import type { GuestRecipe } from '../guest-recipe.js';
import { fetchBusybox } from '../image/busybox.js';
import { cpioArchive } from '../image/cpio.js';
import { closure, type KernelModule, moduleName, parseModule } from '../image/kernel-module.js';
import { deliverLinuxDisk } from '../image/linux-disk.js';
import { lz4 } from '../image/lz4.js';
import { repackKernel } from '../image/repack-kernel.js';
import { initrdEntries } from './initrd.js';

const MIB = 1024 * 1024;

/** What the guest's hardware needs, now and in later issues; dependencies follow by themselves. */
const MODULES = [
  ...['crct10dif_generic', 'crc64_rocksoft_generic', 'crc32c_generic', 'sd_mod', 'sr_mod', 'ext4'],
  ...['ata_piix', 'mptspi', 'BusLogic'],
  ...['pcnet32', 'e1000', 'vmxnet3', 'ne2k_pci'],
  'vmw_balloon',
];

/**
 * Start-up work of the kernel that this guest does without. Boot time is the engine running cold code: together these
 * and the words below take 6 s of 14.
 */
const SKIPPED_INITCALLS = [
  // Tracing: names of enums in events, a check of 37,000 functions, thousands of files in tracefs.
  ...['trace_eval_init', 'ftrace_check_for_weak_functions', 'tracer_init_tracefs'],
  // Keys and certificates: verify the kernel's own certificate (for signed modules), encrypted keys, self-tests.
  ...['load_system_certificate_list', 'init_encrypted', 'crypto_kdf108_init', 'blake2s_mod_init'],
  // /sys/kernel/slab; machine checks, which say at every boot that there are none.
  ...['slab_sysfs_init', 'mcheck_init_device'],
];

const COMMAND_LINE = [
  'console=tty1 console=ttyS0,115200',
  'root=/dev/sda1 quiet',
  'tsc=reliable mitigations=off',
  // A vCPU that waits for its processor must not look like a PC without a timer.
  'no_timer_check',
  // Without high-resolution timers a tick, of which there are 250 a second, takes a fifth fewer instructions.
  'highres=off',
  'cryptomgr.notests noisapnp audit=0 security=none',
  `initcall_blacklist=${SKIPPED_INITCALLS.join(',')}`,
].join(' ');

export const linuxRecipe: GuestRecipe = {
  name: 'linux',
  sources: ['linux', 'root', 'loader'],
  packages: async apt => [await kernelPackage(apt), 'busybox-static'],
  build: async (workshop, apt, folder) => {
    const kernelRoot = await apt.unpacked(await kernelPackage(apt));
    const release = await onlyName(join(kernelRoot, 'lib', 'modules'));
    const busybox = await fetchBusybox(apt);
    const modules = await loadModules(join(kernelRoot, 'lib', 'modules', release));
    const image = await readFile(join(kernelRoot, 'boot', `vmlinuz-${release}`));
    const kernel = await workshop.step('repack the kernel with LZ4', () => repackKernel(workshop, image));
    const init = await readFile(workshop.recipe('linux', 'initrd', 'init'));
    const initrd = await lz4(workshop, cpioArchive(initrdEntries({ busybox, init, release, modules })));
    await deliverLinuxDisk(workshop, folder, {
      name: 'linux',
      memoryMb: 64,
      rootBytes: 256 * MIB,
      diskId: 0x6f657378,
      bzImage: kernel.bzImage,
      initrd: { bytes: initrd, address: Math.ceil(kernel.memoryEnd / MIB) * MIB },
      commandLine: COMMAND_LINE,
      busybox,
      skeletons: [workshop.recipe('root'), workshop.recipe('linux', 'root')],
      modules: { release, list: modules },
    });
  },
};

const kernelPackage = (apt: PrivateApt): Promise<string> =>
  apt.dependencyOf('linux-image-686', /^linux-image-\d.*-686$/);

const onlyName = async (folder: string): Promise<string> => {
  const [name, ...more] = await readdir(folder);
  if (name === undefined || more.length > 0) {
    throw new GuestBuildError('BadPackage', `${folder} should hold one kernel release`);
  }
  return name;
};

const loadModules = async (folder: string): Promise<readonly KernelModule[]> => {
  const files = (await readdir(folder, { recursive: true })).filter(file => file.endsWith('.ko'));
  const paths = new Map(files.map(file => [moduleName(basename(file)), file]));
  const loaded = new Map<string, KernelModule>();
  const load = async (name: string): Promise<void> => {
    const path = paths.get(name);
    if (path === undefined)
      throw new GuestBuildError('BadModule', `the kernel package has no module ${name}`);
    if (loaded.has(name)) return;
    const module = parseModule(basename(path), await readFile(join(folder, path)));
    loaded.set(name, module);
    for (const dependency of module.depends) await load(dependency);
  };
  for (const name of MODULES) await load(moduleName(name));
  return closure(MODULES, name => {
    const found = loaded.get(name);
    if (found === undefined) throw new GuestBuildError('BadModule', `module ${name} was not read`);
    return found;
  });
};
