import { describe, expect, it } from 'vitest';
import { negotiateVersion } from './versions.js';

describe('negotiateVersion', () => {
  it.each([
    [undefined, 'urn:vim25', '2.5'],
    ['', 'urn:vim25', '2.5'],
    ['""', 'urn:vim2', '2.0'],
    ['vim25', 'urn:vim25', '2.5'],
    ['urn:vim25', 'urn:vim25', '2.5'],
    ['urn:vim25/2.5', 'urn:vim25', '2.5'],
    ['"urn:vim25/4.1"', 'urn:vim25', '4.1'],
    ['urn:vim25/2.5u2', 'urn:vim25', '2.5u2'],
    ['urn:vim25#Login', 'urn:vim25', '2.5'],
    ['"urn:vim25/9.0.0.0"', 'urn:vim25', '5.5'],
    ['urn:vim25/6.7.1', 'urn:vim25', '5.5'],
    ['urn:vim25/5.0', 'urn:vim25', '5.0'],
    ['urn:vim25/3.0', 'urn:vim25', '2.5u2server'],
    ['urn:vim25/1.0', 'urn:vim25', '2.0'],
    ['urn:vim25/dev', 'urn:vim25', '2.0'],
    ['urn:internalvim25/4.1', 'urn:internalvim25', '4.1'],
  ] as const)('reads SOAPAction %s in %s as %s', (action, namespace, version) => {
    expect(negotiateVersion(action, namespace)).toBe(version);
  });
});
