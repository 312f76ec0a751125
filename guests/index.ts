/**
 * Recipes that make guest images from Debian packages; no binary is kept in the tree.
 *
 * Owns: guests/ (recipes), a cache folder (downloads, unpacked packages, finished images by recipe hash) and the VM
 * folders it creates in a datastore.
 *
 * Layers: packages (what the machine needs) - command, workshop (programs, folders, progress) - apt (private Debian
 * packages) - image (formats: cpio, MBR, ELF, bzImage, ext4, VMDK and .vmx text) - loader (disk boot) - linux, tiny,
 * asm (one recipe each) - build (cache and delivery).
 *
 * Invariants: the machine's own apt lists and architectures are never touched. A result appears by one rename, whole.
 * A VM folder that exists is never written to. No loop device, no mount, nothing of the guest is run while building.
 */
export { type BuildResult, type BuiltGuest, buildFirmware, buildGuests, recipesFor } from './build.js';
export type { Firmware } from './firmware.js';
export { GuestBuildError, type GuestBuildErrorCode } from './guest-build-error.js';
export { aptPackagesFor, type MachinePackage, machinePackages } from './packages.js';
export type { BuildStep, WorkshopOptions } from './workshop.js';
