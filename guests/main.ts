import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildGuests } from './build.js';
import { GuestBuildError } from './guest-build-error.js';

const USAGE = 'usage: node dist/guests/main.js build linux|tiny|asm|all|NAME --out DIR [--cache DIR]';
/** dist/guests/main.js -> the tree. */
const TREE = fileURLToPath(new URL('../..', import.meta.url));

const main = async (): Promise<number> => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { out: { type: 'string' }, cache: { type: 'string' } },
  });
  const [command, what] = positionals;
  if (command !== 'build' || what === undefined || values.out === undefined) {
    process.stderr.write(`${USAGE}\n`);
    return 2;
  }
  const env = Object.fromEntries(Object.entries(process.env).map(([name, value]) => [name, value ?? '']));
  const result = await buildGuests(what, resolve(values.out), {
    cacheDir: resolve(values.cache ?? join(TREE, 'guests', 'build')),
    recipesDir: join(TREE, 'guests'),
    env,
    onStep: step =>
      process.stdout.write(`${(step.elapsedMs / 1000).toFixed(1).padStart(7)} s  ${step.name}\n`),
  });
  for (const guest of result.guests) {
    process.stdout.write(`${guest.made ? 'made' : 'kept'} ${guest.vmxPath}\n`);
  }
  process.stdout.write(`bios ${result.firmware.bios}\n`);
  return 0;
};

const report = (error: unknown): number => {
  const message =
    error instanceof GuestBuildError ? error.message : String(error instanceof Error ? error.stack : error);
  process.stderr.write(`guests: ${message}\n`);
  return 1;
};

process.exitCode = await main().catch(report);
