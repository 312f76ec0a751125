import { VmkernelError } from '../../../kernel/abi/index.js';
import { parseVmx, readVmConfig, type VmConfig, type VmxDocument, VmxError } from '../../../lib/vmx/index.js';
import { changesWhileRunning } from './changes-while-running.js';

/** The .vmx of the running VM as it is in force; this process alone decides what it says. */
export class RunningConfig {
  #text: string;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    vmxText: string,
    private readonly writer: { write(vmxText: string): Promise<void> },
  ) {
    this.#text = vmxText;
  }

  get(key: string): string | undefined {
    return parseVmx(this.#text).get(key);
  }

  get config(): VmConfig {
    return readVmConfig(parseVmx(this.#text));
  }

  /**
   * Changes what somebody outside asked for; durable when it resolves. What is set to the value it has is no change.
   * @throws VmkernelError InvalidPowerState {key} for what a running VM does not change, InvalidVmx {key, reason}, and
   *   the VMkernel's refusals; nothing has changed then
   */
  change(settings: Readonly<Record<string, string | null>>): Promise<void> {
    return this.#inTurn(document => {
      for (const [key, value] of Object.entries(settings)) {
        if ((document.get(key) ?? null) === value) continue;
        if (!changesWhileRunning(key)) throw fixed(key);
        set(document, key, value);
      }
    });
  }

  /** The same for keys that are the VM's own. */
  changeOwn(settings: Readonly<Record<string, string>>): Promise<void> {
    return this.#inTurn(document => {
      for (const [key, value] of Object.entries(settings)) set(document, key, value);
    });
  }

  #inTurn(edit: (document: VmxDocument) => void): Promise<void> {
    const done = this.#turn.then(() => this.#change(edit));
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #change(edit: (document: VmxDocument) => void): Promise<void> {
    const vmxText = edited(this.#text, edit);
    if (vmxText === this.#text) return;
    await this.writer.write(vmxText);
    this.#text = vmxText;
  }
}

function set(document: VmxDocument, key: string, value: string | null): void {
  if (value === null) document.delete(key);
  else document.set(key, value);
}

function fixed(key: string): VmkernelError {
  return new VmkernelError('InvalidPowerState', `${key} cannot be changed while the VM is powered on`, {
    key,
  });
}

/** @throws VmkernelError InvalidVmx when the text would be no configuration any more */
function edited(text: string, edit: (document: VmxDocument) => void): string {
  try {
    const document = parseVmx(text);
    edit(document);
    readVmConfig(document);
    return document.toString();
  } catch (error) {
    if (!(error instanceof VmxError)) throw error;
    const details = { line: error.line, reason: error.reason, key: error.key ?? null };
    throw new VmkernelError('InvalidVmx', error.message, details);
  }
}
