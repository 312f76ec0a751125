import { expect, it } from 'vitest';
import { LineReader } from './lines.js';

it('cuts lines at LF and CR LF, wherever the bytes are split', () => {
  const reader = new LineReader(16);
  const lines = [...Buffer.from('a\r\nb c\n\nd')].flatMap(byte => reader.push(Uint8Array.of(byte)).lines);
  expect(lines).toEqual(['a', 'b c', '']);
  expect(reader.heldBytes).toBe(1);
});

it('gives the lines before one too long, and holds nothing of what follows', () => {
  for (const long of ['x'.repeat(17), `${'x'.repeat(17)}\n`]) {
    const reader = new LineReader(16);
    expect(reader.push(Buffer.from(`a\n${long}`))).toEqual({ lines: ['a'], tooLong: true });
    expect(reader.push(Buffer.from('y\nz'))).toEqual({ lines: [], tooLong: true });
    expect(reader.heldBytes).toBe(0);
  }
});
