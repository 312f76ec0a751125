import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { launchInit } from './launch.js';
import { RootFolder } from './root-folder.js';

it('an init that is late is told, and does not keep the front door from ending', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'launch-'));
  const tree = join(folder, 'tree');
  const pidFile = join(folder, 'pid');
  mkdirSync(join(tree, 'dist/daemons/init'), { recursive: true });
  writeFileSync(join(tree, 'package.json'), '{"type":"module"}');
  writeFileSync(
    join(tree, 'dist/daemons/init/main.js'),
    `import { writeFileSync } from 'node:fs'; writeFileSync('${pidFile}', String(process.pid)); setInterval(() => 0, 1000);`,
  );
  const children = (): number =>
    process.getActiveResourcesInfo().filter(name => name === 'ProcessWrap').length;
  const before = children();
  const options = { tree, limitMs: 3000, environment: {} };
  try {
    const launched = launchInit(new RootFolder(join(folder, 'root')), options);
    await expect(launched).rejects.toThrow('did not come up in 3 s');
    expect(children()).toBe(before);
  } finally {
    process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL');
    rmSync(folder, { recursive: true });
  }
});
