import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { VMX_NODE_FLAGS } from '../../kernel/abi/index.js';
import { CORE_CODE_PATH, coreBytesPath, makeCoreCode } from './engine/index.js';

/*
 * Run once for a build: makes what every vmware-vmx would otherwise make for itself at its start. Each thread's modules
 * become one file, with what V8 knows after compiling it; the engine's core becomes machine code. `inputs.json` comes
 * last: it says what all this was made from, and the VMkernel starts no prepared vmx from anything else.
 */
const FOLDER = fileURLToPath(new URL('./prepared/', import.meta.url));
const ENTRIES = ['main', 'vmm-thread'] as const;

if (process.execArgv.join(' ') === VMX_NODE_FLAGS.join(' ')) makeForV8();
else await prepare();

async function prepare(): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  rmSync(join(FOLDER, 'inputs.json'), { force: true });
  const inputs = new Set<string>();
  for (const entry of ENTRIES) for (const input of await bundle(entry)) inputs.add(input);
  replaceFile(join(FOLDER, 'package.json'), '{ "type": "commonjs" }\n');
  // V8 takes what it made only in a process with the same flags.
  const self = fileURLToPath(import.meta.url);
  const { status } = spawnSync(process.execPath, [...VMX_NODE_FLAGS, self], { stdio: 'inherit' });
  if (status !== 0) process.stderr.write('prepare: not by this V8; every vmx compiles for itself\n');
  const files = [...inputs].sort();
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(file));
  const made = { files: files.map(file => relative(FOLDER, file)), sha256: hash.digest('hex') };
  replaceFile(join(FOLDER, 'inputs.json'), `${JSON.stringify(made, null, 1)}\n`);
}

/** @returns the files that are in it */
async function bundle(entry: string): Promise<string[]> {
  const build = await rolldown({
    input: fileURLToPath(new URL(`./${entry}.js`, import.meta.url)),
    platform: 'node',
    external: ['koffi'],
    // A binding of libc that nobody calls does nothing.
    treeshake: { manualPureFunctions: ['libc.func'] },
  });
  try {
    const { output } = await build.generate({ format: 'cjs', codeSplitting: false });
    const [{ code, moduleIds }] = output;
    replaceFile(join(FOLDER, `${entry}.bundle.js`), code);
    replaceFile(join(FOLDER, `${entry}.js`), `require('./load-bundle.cjs').run('${entry}');\n`);
    return moduleIds.filter(id => !id.startsWith('\0'));
  } finally {
    await build.close();
  }
}

function makeForV8(): void {
  const { compile } = createRequire(import.meta.url)('./prepared/load-bundle.cjs') as {
    compile: (name: string) => { script: import('node:vm').Script; file: string };
  };
  for (const entry of ENTRIES) {
    const { script, file } = compile(entry);
    replaceFile(`${file}.cache`, script.createCachedData());
  }
  const { bytes, code } = makeCoreCode();
  replaceFile(coreBytesPath(CORE_CODE_PATH), bytes);
  replaceFile(CORE_CODE_PATH, code);
}

/** Whole or not at all: a vmx that starts meanwhile reads the old one. */
function replaceFile(path: string, content: string | Uint8Array): void {
  const unfinished = `${path}.${process.pid}`;
  const fd = openSync(unfinished, 'w');
  writeSync(fd, Buffer.from(content));
  fsyncSync(fd);
  closeSync(fd);
  renameSync(unfinished, path);
}
