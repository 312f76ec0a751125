import { fileURLToPath } from 'node:url';
import { runFrontDoor } from './index.js';
import { findTree } from './root-folder.js';

process.exitCode = await runFrontDoor(process.argv.slice(2), {
  tree: findTree(fileURLToPath(new URL('.', import.meta.url))),
  environment: process.env,
  input: process.stdin,
  output: process.stdout,
  notes: text => process.stderr.write(text),
});
