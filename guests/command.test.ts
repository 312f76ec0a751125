import { describe, expect, it } from 'vitest';
import { run } from './command.js';

const baseEnv = { PATH: '/usr/bin:/bin' };

describe('run', () => {
  it('names the package to install when a known tool is missing', async () => {
    await expect(run('mke2fs', [], { baseEnv: { PATH: '/nonexistent' } })).rejects.toMatchObject({
      code: 'ToolMissing',
      details: { tool: 'mke2fs', package: 'e2fsprogs' },
      message: expect.stringContaining('apt-get install e2fsprogs'),
    });
  });

  it('reports the exit code and the last words of a program that fails', async () => {
    await expect(run('sh', ['-c', 'echo no space >&2; exit 3'], { baseEnv })).rejects.toMatchObject({
      code: 'CommandFailed',
      details: { exitCode: 3, output: 'no space' },
    });
  });

  it('hands over input and returns output', async () => {
    expect((await run('tr', ['a', 'b'], { baseEnv, input: Buffer.from('banana') })).toString()).toBe(
      'bbnbnb',
    );
  });
});
