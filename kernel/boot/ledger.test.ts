import pino from 'pino';
import { describe, expect, it } from 'vitest';
import { InjectedFailure, Ledger } from './ledger.js';

const silent = pino({ level: 'silent' });

describe('ledger', () => {
  it('undoes in reverse, once', async () => {
    const undone: string[] = [];
    const ledger = new Ledger(silent, undefined);
    for (const step of ['lock', 'ram', 'fork'] as const)
      await ledger.step(
        step,
        () => undefined,
        () => void undone.push(step),
      );
    await Promise.all([ledger.unwind(), ledger.unwind()]);
    expect(undone).toEqual(['fork', 'ram', 'lock']);
  });

  it('undoes a step that failed half way, and goes on past an undo that fails', async () => {
    const undone: string[] = [];
    const ledger = new Ledger(silent, undefined);
    await ledger.step(
      'lock',
      () => undefined,
      () => void undone.push('lock'),
    );
    await ledger.step(
      'ram',
      () => undefined,
      () => {
        throw new Error('undo is broken');
      },
    );
    const half = ledger.step(
      'fork',
      () => {
        throw new Error('no process');
      },
      () => void undone.push('fork'),
    );
    await expect(half).rejects.toThrow('no process');
    await ledger.unwind();
    expect(undone).toEqual(['fork', 'lock']);
  });

  it('fails after the step that a test names, with the thing made', async () => {
    const undone: string[] = [];
    const ledger = new Ledger(silent, 'ram');
    await ledger.step(
      'lock',
      () => undefined,
      () => void undone.push('lock'),
    );
    await expect(
      ledger.step(
        'ram',
        () => 1,
        () => void undone.push('ram'),
      ),
    ).rejects.toBeInstanceOf(InjectedFailure);
    await ledger.unwind();
    expect(undone).toEqual(['ram', 'lock']);
  });

  it('takes no further step once it unwinds', async () => {
    const ledger = new Ledger(silent, undefined);
    await ledger.unwind();
    await expect(ledger.step('ram', () => 1)).rejects.toBeInstanceOf(InjectedFailure);
  });
});
