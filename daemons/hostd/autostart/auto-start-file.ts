import { mkdir, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PlainFileError, readPlainFile, writePlainFile } from '../../../lib/linux/index.js';
import { CodecError, childNamed, escapeText, readXml } from '../../../lib/vim/index.js';
import { type AutoStartConfig, defaultAutoStart, type MachineAutoStart } from './auto-start-config.js';

/** vmAutoStart.xml: which machines start and stop with the host, and for which boot they were last started. */
export class AutoStartFile {
  readonly #path: string;
  #last: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  /** What cannot be understood is set aside as vmAutoStart.xml.broken; `onBroken` is told. */
  async read(onBroken: (reason: string) => void): Promise<AutoStartConfig> {
    try {
      const text = readPlainFile(this.#path);
      return text === undefined ? defaultAutoStart : parse(text);
    } catch (error) {
      if (!(error instanceof CodecError || error instanceof PlainFileError)) throw error;
      await rename(this.#path, `${this.#path}.broken`);
      onBroken(`${this.#path} was set aside: ${error.message}`);
      return defaultAutoStart;
    }
  }

  async write(config: AutoStartConfig): Promise<void> {
    const written = this.#last.then(async () => {
      await mkdir(dirname(this.#path), { recursive: true });
      await writePlainFile(this.#path, format(config), 0o600);
    });
    // A failed write is told to its caller; the next one stands on its own.
    this.#last = written.catch(() => undefined);
    await written;
  }
}

type Xml = ReturnType<typeof readXml>;

function parse(text: string): AutoStartConfig {
  const root = readXml(text);
  const defaults = childNamed(root, 'defaults');
  const machines = childNamed(root, 'machines');
  return {
    startedBoot: childNamed(root, 'startedBoot')?.text ?? '',
    enabled: textOf(defaults, 'enabled') === 'true',
    startDelay: numberOf(defaults, 'startDelay', defaultAutoStart.startDelay),
    stopDelay: numberOf(defaults, 'stopDelay', defaultAutoStart.stopDelay),
    waitForHeartbeat: textOf(defaults, 'waitForHeartbeat') === 'true',
    stopAction: textOf(defaults, 'stopAction') || defaultAutoStart.stopAction,
    machines: (machines?.children ?? []).map(parseMachine),
  };
}

function parseMachine(element: Xml): MachineAutoStart {
  const heartbeat = textOf(element, 'waitForHeartbeat');
  return {
    moid: textOf(element, 'key'),
    startOrder: numberOf(element, 'startOrder', -1),
    startDelay: numberOf(element, 'startDelay', -1),
    waitForHeartbeat: heartbeat === 'yes' || heartbeat === 'no' ? heartbeat : 'systemDefault',
    startAction: textOf(element, 'startAction') || 'none',
    stopDelay: numberOf(element, 'stopDelay', -1),
    stopAction: textOf(element, 'stopAction') || 'none',
  };
}

function textOf(element: Xml | undefined, name: string): string {
  return (element && childNamed(element, name)?.text) ?? '';
}

function numberOf(element: Xml | undefined, name: string, otherwise: number): number {
  const text = textOf(element, name);
  return /^-?\d{1,9}$/.test(text) ? Number(text) : otherwise;
}

function format(config: AutoStartConfig): string {
  const { startedBoot, machines, ...defaults } = config;
  const rows = machines.map(
    ({ moid, ...rest }) => `    <machine>\n${fields({ key: moid, ...rest }, 6)}    </machine>\n`,
  );
  return (
    `<ConfigRoot>\n${fields({ startedBoot }, 2)}` +
    `  <defaults>\n${fields({ ...defaults }, 4)}  </defaults>\n` +
    `  <machines>\n${rows.join('')}  </machines>\n</ConfigRoot>\n`
  );
}

function fields(values: Readonly<Record<string, string | number | boolean>>, indent: number): string {
  const space = ' '.repeat(indent);
  return Object.entries(values)
    .map(([name, value]) => `${space}<${name}>${escapeText(String(value))}</${name}>\n`)
    .join('');
}
