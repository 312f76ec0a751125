import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { emitTables, emitTypes } from './generate/emit-types.js';
import { readSchemaSource } from './generate/source.js';
import { formatMethod, formatType } from './schema/table-format.js';
import { VimSchema } from './schema/vim-schema.js';
import { WsdlSet, wsdlFileNames } from './wsdl/wsdl-set.js';

/** The version that the WSDL set describes: the newest that vimServiceVersions.xml lists. */
const wsdlVersion = '4.1';

function generatedFiles(folder: string): Map<string, string> {
  const source = readSchemaSource([`${folder}vim-schema.jsonl`, `${folder}internal-methods.jsonl`]);
  const text = [...source.types.map(formatType), ...source.methods.map(formatMethod)].join('\n');
  const files = new Map([
    ['generated/types.ts', emitTypes(source)],
    ['generated/schema-text.ts', emitTables(text)],
  ]);
  const wsdl = new WsdlSet(new VimSchema(text), wsdlVersion);
  for (const name of wsdlFileNames) {
    files.set(`generated/wsdl/${name}`, wsdl.file(name, 'https://localhost/sdk/vimService'));
  }
  return files;
}

/** Writes the generated files, or with --check says which are stale and returns 1. */
function main(args: readonly string[]): number {
  // The compiled file is dist/lib/vim/generate.js; its source folder is the same path outside dist.
  const folder = fileURLToPath(new URL('../../../lib/vim/', import.meta.url));
  const stale = [...generatedFiles(folder)].filter(([name, content]) => {
    return !existsSync(folder + name) || readFileSync(folder + name, 'utf8') !== content;
  });
  for (const [name, content] of stale) {
    if (args.includes('--check')) {
      process.stderr.write(`lib/vim/${name} is stale: run node dist/lib/vim/generate.js\n`);
      continue;
    }
    mkdirSync(dirname(folder + name), { recursive: true });
    writeFileSync(folder + name, content);
  }
  return args.includes('--check') && stale.length > 0 ? 1 : 0;
}

process.exitCode = main(process.argv.slice(2));
