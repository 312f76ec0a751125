import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { TREE } from '../../test/harness/index.js';
import { drawUsed } from './draw.js';
import { recordShares } from './record.js';
import { fromCsv, toCsv } from './used-over-time.js';

/** `node dist/bench/figures/main.js` records and draws the figure of docs/; `--draw` draws what was recorded. */
const { values } = parseArgs({ options: { draw: { type: 'boolean', default: false } } });
const folder = join(TREE, 'docs/figures');
const recorded = join(folder, 'shares.csv');
mkdirSync(folder, { recursive: true });
if (!values.draw) {
  const note = (text: string): boolean => process.stderr.write(`  ${text}\n`);
  const data = await recordShares(process.env, text => void note(text));
  writeFileSync(recorded, toCsv(data));
}
const title = "esxtop's %USED of two VMs that spin on one PCPU, as their shares change";
writeFileSync(join(folder, 'shares.svg'), drawUsed(title, fromCsv(readFileSync(recorded, 'utf8'))));
