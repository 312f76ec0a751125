import { spawnSync } from 'node:child_process';
import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { VMX_NODE_FLAGS } from '../../kernel/abi/index.js';
import { CORE_CODE_PATH, makeCoreCode } from './engine/index.js';

/*
 * Run once for a build: makes what every vmware-vmx would otherwise make for itself, the machine code of the engine's
 * core. In a process with a vmx's own flags, because V8 takes machine code only where its flags are the same.
 */
if (process.execArgv.join(' ') === VMX_NODE_FLAGS.join(' ')) replaceFile(CORE_CODE_PATH, makeCoreCode());
else {
  const { status } = spawnSync(process.execPath, [...VMX_NODE_FLAGS, fileURLToPath(import.meta.url)], {
    stdio: 'inherit',
  });
  if (status !== 0) process.stderr.write('prepare: this V8 makes none; every vmx compiles for itself\n');
}

/** Whole or not at all: a vmx that starts meanwhile maps the old one. */
function replaceFile(path: string, bytes: Uint8Array): void {
  const unfinished = `${path}.${process.pid}`;
  const fd = openSync(unfinished, 'w');
  writeSync(fd, bytes);
  fsyncSync(fd);
  closeSync(fd);
  renameSync(unfinished, path);
}
