import { describe, expect, it } from 'vitest';
import { loadVimSchema } from '../schema/load.js';
import { lasting } from './lasting.js';
import { writeResponse } from './soap.js';
import { ManagedObjectReference } from './values.js';

const schema = loadVimSchema();

describe('a value that lasts', () => {
  it('is written as any other, in each version and at each place', () => {
    const info = {
      name: 'x',
      fullName: 'y',
      vendor: 'v',
      version: '2',
      build: '3',
      osType: 'o',
      productLineId: 'e',
      apiType: 'HostAgent',
      apiVersion: '4.1',
    };
    const kept = lasting({ ...info });
    for (const version of ['2.5', '4.1', '2.5'] as const) {
      const write = (about: object) =>
        writeResponse(schema, {
          namespace: 'urn:vim25',
          version,
          method: 'RetrieveServiceContent',
          value: content(about),
        });
      expect(write(kept)).toBe(write(info));
      expect(write(kept)).toContain('<fullName>y</fullName>');
    }
  });

  it('keeps nothing of a value that could not be written', () => {
    const broken = lasting({ name: 'x' });
    const write = () =>
      writeResponse(schema, {
        namespace: 'urn:vim25',
        version: '2.5',
        method: 'RetrieveServiceContent',
        value: content(broken),
      });
    expect(write).toThrow(/required/);
    expect(write).toThrow(/required/);
  });
});

function content(about: object): object {
  const ref = { rootFolder: ['Folder', 'f'], propertyCollector: ['PropertyCollector', 'p'] };
  return {
    about,
    ...Object.fromEntries(
      Object.entries(ref).map(([name, [type = '', value = '']]) => [
        name,
        new ManagedObjectReference(type, value),
      ]),
    ),
  };
}
