import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Workshop } from './workshop.js';

describe('Workshop.publish', () => {
  let home = '';
  let workshop: Workshop;

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'guests-test-'));
    workshop = new Workshop({ cacheDir: home, recipesDir: home, env: {}, onStep: () => undefined });
  });
  afterEach(() => rm(home, { recursive: true, force: true }));

  it('shows the folder only when it is filled', async () => {
    await workshop.publish(join(home, 'vm'), async draft => {
      await writeFile(join(draft, 'disk'), 'whole');
      expect(await readdir(home)).not.toContain('vm');
    });
    expect(await readFile(join(home, 'vm', 'disk'), 'utf8')).toBe('whole');
  });

  it('leaves nothing behind when filling fails', async () => {
    const failing = workshop.publish(join(home, 'vm'), async draft => {
      await writeFile(join(draft, 'disk'), 'half');
      throw new Error('no space');
    });
    await expect(failing).rejects.toThrow('no space');
    expect(await readdir(home)).toEqual([]);
  });

  it('clears away what a killed build left, and nothing else', async () => {
    const deadPid = spawnSync('true').pid;
    const left = `.vm.${deadPid}.0123456789ab.tmp`;
    const running = `.vm.${process.pid}.0123456789ab.tmp`;
    for (const name of [left, running, '.hidden']) await mkdir(join(home, name));
    await workshop.publish(join(home, 'vm'), async () => undefined);
    expect((await readdir(home)).sort()).toEqual(['.hidden', running, 'vm'].sort());
  });

  it('keeps the first of two results', async () => {
    const target = join(home, 'vm');
    const put = (text: string) => workshop.publish(target, draft => writeFile(join(draft, 'disk'), text));
    await put('first');
    await put('second');
    expect(await readFile(join(target, 'disk'), 'utf8')).toBe('first');
    expect(await readdir(home)).toEqual(['vm']);
  });
});
