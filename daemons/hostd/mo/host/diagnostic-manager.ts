import type {
  DiagnosticManagerLogDescriptor,
  DiagnosticManagerLogHeader,
} from '../../../../lib/vim/index.js';
import {
  defineClass,
  invalidArgument,
  type ManagedObject,
  type ObjectClass,
  vimFault,
} from '../../../../lib/vim-server/index.js';
import { type ConsoleLog, consoleLogs, countLogLines, readLogLines } from '../../console/console-logs.js';
import { moids } from '../moids.js';

/** Lines of one reply at most; also when a client asks for more or does not say. */
const maxLines = 1000;

/** The logs of the host's daemons, to be read by clients. */
export class DiagnosticManager implements ManagedObject {
  readonly ref = moids.diagnosticManager;
  readonly objectClass: ObjectClass = diagnosticManagerClass;
  readonly #logFolder: string;

  /** @param logFolder /var/log */
  constructor(logFolder: string) {
    this.#logFolder = logFolder;
  }

  /** @throws VimFault InvalidArgument when there is no such log, CannotAccessFile when it cannot be read */
  async browse(key: string, start = 1, count = maxLines): Promise<DiagnosticManagerLogHeader> {
    const log = consoleLogs.find(one => one.key === key);
    if (log === undefined) throw invalidArgument('key');
    if (start < 0 || count < 0) throw invalidArgument(start < 0 ? 'start' : 'lines');
    try {
      return await this.#read(log, { first: Math.max(1, start), count: Math.min(count, maxLines) });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error;
      const file = `/var/log/${log.fileName}`;
      throw vimFault('CannotAccessFile', { file }, `${file} cannot be read: ${error.message}`);
    }
  }

  /** A client that asks for what lies behind the end, such as 999999999, wants to know where the end is. */
  async #read(log: ConsoleLog, range: { first: number; count: number }): Promise<DiagnosticManagerLogHeader> {
    const { start, end, lines } = await readLogLines(this.#logFolder, log, range);
    if (lines.length > 0 || range.count === 0) return { lineStart: start, lineEnd: end, lineText: lines };
    const last = await countLogLines(this.#logFolder, log);
    return { lineStart: last + 1, lineEnd: last, lineText: [] };
  }
}

function describe({ key, fileName, creator, label, summary }: ConsoleLog): DiagnosticManagerLogDescriptor {
  return {
    key,
    fileName: `/var/log/${fileName}`,
    creator,
    format: 'plain',
    mimeType: 'text/plain',
    info: { label, summary },
  };
}

export const diagnosticManagerClass: ObjectClass = defineClass<'DiagnosticManager', DiagnosticManager>(
  'DiagnosticManager',
  {
    properties: {},
    methods: {
      QueryDescriptions: () => consoleLogs.map(describe),
      BrowseDiagnosticLog: (manager, { key, start, lines }) => manager.browse(key, start, lines),
    },
  },
);
