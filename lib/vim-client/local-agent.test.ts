import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { localAddress } from './local-agent.js';

const folder = mkdtempSync(join(tmpdir(), 'esx-local-agent-'));
afterAll(() => rmSync(folder, { recursive: true }));

function addressIn(text: string): ReturnType<typeof localAddress> {
  const file = join(folder, 'proxy.xml');
  writeFileSync(file, text);
  return localAddress(file);
}

describe('the host agent of this service console', () => {
  it('is where hostd wrote that it listens', () => {
    expect(
      addressIn('<ConfigRoot><address>10.0.0.1</address><httpsPort>8443</httpsPort></ConfigRoot>'),
    ).toEqual({
      host: '10.0.0.1',
      port: 8443,
    });
    expect(
      addressIn('<ConfigRoot><address>0.0.0.0</address><httpsPort>8443</httpsPort></ConfigRoot>'),
    ).toEqual({
      host: '127.0.0.1',
      port: 8443,
    });
  });

  it('is at the usual place where nothing usable is written', () => {
    const usual = { host: '127.0.0.1', port: 443 };
    for (const text of [
      '',
      '<a',
      '<a/>',
      '<a><httpsPort>0</httpsPort></a>',
      '<a><httpsPort>x</httpsPort></a>',
    ])
      expect(addressIn(text)).toEqual(usual);
    expect(localAddress(join(folder, 'none'))).toEqual(usual);
  });
});
