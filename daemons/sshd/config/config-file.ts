import { readPlainFile } from '../../../lib/linux/index.js';
import type { Logger } from '../../../lib/log/index.js';
import { parseConfig } from './parse-config.js';
import { DEFAULT_CONFIG, type ServerConfig } from './server-config.js';

/** /etc/ssh/sshd_config, read at each new connection. Problems are told once for each text. */
export class ConfigFile {
  readonly #path: string;
  readonly #logger: Logger;
  #text: string | undefined;
  #config: ServerConfig = DEFAULT_CONFIG;

  constructor(path: string, logger: Logger) {
    this.#path = path;
    this.#logger = logger;
  }

  /** A file that cannot be read changes nothing. */
  read(): ServerConfig {
    try {
      const text = readPlainFile(this.#path) ?? '';
      if (text !== this.#text) this.#take(text);
    } catch (error) {
      this.#logger.error({ err: error }, 'cannot read sshd_config: it stays as it was');
    }
    return this.#config;
  }

  #take(text: string): void {
    const { config, problems } = parseConfig(text);
    this.#text = text;
    this.#config = config;
    for (const problem of problems) this.#logger.warn(`${this.#path}: ${problem}`);
  }
}
