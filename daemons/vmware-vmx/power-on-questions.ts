import type { VmxStart } from '../../kernel/abi/index.js';
import type { DatastoreFiles } from '../../kernel/client/index.js';
import { type RunningConfig, settleIdentity } from './config/index.js';
import { CD_DRIVE } from './connections.js';
import { imageMissing, movedOrCopied, type Questions, serialFileExists } from './questions/index.js';
import type { SerialPorts } from './serial/index.js';

export interface PowerOnParts {
  readonly start: VmxStart;
  readonly config: RunningConfig;
  readonly questions: Questions;
  readonly serials: SerialPorts;
  readonly files: DatastoreFiles;
}

/** Asks what is to be asked before the machine is built. @returns false when an answer gives the power-on up */
export async function askBeforePowerOn(parts: PowerOnParts): Promise<boolean> {
  const { start, config, questions } = parts;
  const ask = () => questions.ask(movedOrCopied(start.name));
  if (!(await settleIdentity(config, start.vmxPath, ask))) return false;
  if (start.missingImage !== null) {
    const choice = await questions.ask(imageMissing(CD_DRIVE, start.missingImage));
    if (choice === 'cancel') return false;
  }
  return askAboutFiles(parts);
}

async function askAboutFiles({ questions, serials, files }: PowerOnParts): Promise<boolean> {
  for (const { port, fileName, path } of await serials.usedFiles(each => files.stat(each))) {
    const choice = await questions.ask(serialFileExists(port, fileName));
    if (choice === 'cancel') return false;
    if (choice === 'replace') await files.write(path, new Uint8Array(0), { truncate: true });
  }
  return true;
}
