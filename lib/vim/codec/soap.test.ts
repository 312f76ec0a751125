import { describe, expect, it } from 'vitest';
import { loadVimSchema } from '../schema/load.js';
import type { ApiVersion } from '../schema/versions.js';
import { readArguments, readReply, readRequest, writeFault, writeRequest, writeResponse } from './soap.js';
import { CodecError, ManagedObjectReference, TypedValue } from './values.js';

const schema = loadVimSchema();
const collector = new ManagedObjectReference('PropertyCollector', 'ha-property-collector');
const host = new ManagedObjectReference('HostSystem', 'ha-host');

function request(body: string, attributes = 'xmlns="urn:vim25"'): string {
  return (
    '<?xml version="1.0"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" ' +
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">' +
    `<soapenv:Body><RetrieveProperties ${attributes}>` +
    `<_this type="PropertyCollector">pc</_this>${body}</RetrieveProperties></soapenv:Body></soapenv:Envelope>`
  );
}

function codeOf(work: () => unknown): string {
  try {
    work();
    return 'no error';
  } catch (error) {
    return error instanceof CodecError ? `${error.code} ${error.path}`.trim() : String(error);
  }
}

function argumentsOf(text: string, version: ApiVersion = '4.1'): Record<string, unknown> {
  return readArguments(schema, readRequest(text), version);
}

/** The encoded reply of Fetch, whose declared type is anyType. */
function fetched(value: unknown, version: ApiVersion): string {
  return writeResponse(schema, { method: 'Fetch', namespace: 'urn:vim25', version, value });
}

describe('requests', () => {
  const specSet = [
    {
      _type: 'PropertyFilterSpec',
      propSet: [{ _type: 'PropertySpec', type: 'HostSystem', all: false, pathSet: ['name', 'a<&>"b'] }],
      objectSet: [
        {
          _type: 'ObjectSpec',
          obj: host,
          skip: true,
          selectSet: [
            { _type: 'TraversalSpec', name: 't', type: 'Folder', path: 'childEntity', skip: false },
          ],
        },
      ],
    },
  ];
  const text = writeRequest(schema, {
    method: 'RetrieveProperties',
    namespace: 'urn:vim25',
    version: '2.5',
    target: collector,
    args: { specSet },
  });

  it('come back as they were written', () => {
    const raw = readRequest(text);
    expect(raw.target).toEqual(collector);
    expect(readArguments(schema, raw, '2.5')).toEqual({ specSet });
  });

  it('are refused with a typed error when cut anywhere', () => {
    const end = text.lastIndexOf('>');
    for (let length = 0; length < end; length += 1) {
      expect(() => argumentsOf(text.slice(0, length)), `cut at ${length}`).toThrow(CodecError);
    }
  });

  it('may name _this without a type and use any prefix', () => {
    const body =
      '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:v="urn:vim25"><e:Header>' +
      '<operationID>op-1</operationID></e:Header><e:Body><v:CurrentTime><v:_this>ServiceInstance</v:_this>' +
      '</v:CurrentTime></e:Body></e:Envelope>';
    const raw = readRequest(body);
    expect(raw).toMatchObject({
      method: 'CurrentTime',
      operationId: 'op-1',
      target: { value: 'ServiceInstance' },
    });
  });

  it.each([
    ['an unclosed element', '<specSet>', 'BrokenXml'],
    ['an unknown entity', '<specSet>&boom;</specSet>', 'BrokenXml'],
    ['an unknown field', '<nonsense>1</nonsense>', 'UnknownField nonsense'],
    ['a missing field', '<specSet><propSet/></specSet>', 'MissingField specSet.propSet.type'],
    [
      'a value of another type',
      '<specSet><propSet><type>Task</type><all>maybe</all></propSet></specSet>',
      'WrongType specSet.propSet.all',
    ],
    [
      'elements in a simple value',
      '<specSet><propSet><type><b/></type></propSet></specSet>',
      'WrongType specSet.propSet.type',
    ],
    ['a type that does not fit', '<specSet xsi:type="HostConfigInfo"/>', 'WrongType specSet'],
    ['a type that does not exist', '<specSet xsi:type="Nothing"/>', 'UnknownType specSet'],
    [
      'a field that is there twice',
      '<specSet><propSet><type>A</type><type>B</type></propSet></specSet>',
      'RepeatedField specSet.propSet.type',
    ],
  ])('are refused for %s', (_, body, code) => {
    expect(codeOf(() => argumentsOf(request(body)))).toBe(code);
  });

  it('are refused for a document type, so that no entity can grow', () => {
    const bomb = `<!DOCTYPE a [<!ENTITY x "aaaaaaaaaa"><!ENTITY y "&x;&x;&x;">]>${request('<specSet>&y;</specSet>').slice(21)}`;
    expect(codeOf(() => readRequest(bomb))).toBe('DoctypeRefused');
  });

  it('are refused when nested too deep or too wide', () => {
    expect(codeOf(() => readRequest(request('<a>'.repeat(100))))).toBe('TooDeep');
    expect(codeOf(() => readRequest(request('<a/>'.repeat(200_001))))).toBe('TooManyElements');
  });

  it.each([
    ['int', '2147483648', false],
    ['int', '-2147483648', true],
    ['long', '9223372036854775807', true],
    ['long', '9223372036854775808', false],
    ['byte', '128', false],
    ['short', '1.5', false],
    ['boolean', '1', true],
    ['boolean', 'TRUE', false],
    ['dateTime', '2008-12-03T16:27:31.5+01:00', true],
    ['dateTime', '2008-13-03T16:27:31Z', false],
    ['double', '-INF', true],
    ['double', '0x10', false],
    ['base64Binary', 'aGk=', true],
    ['base64Binary', '*', false],
  ])('read xsd:%s %s: %s', (type, value, isValid) => {
    const text = fetched('x', '4.1').replace('"xsd:string">x', `"xsd:${type}">${value}`);
    expect(codeOf(() => readReply(schema, 'Fetch', '4.1', text))).toBe(
      isValid ? 'no error' : 'WrongType returnval',
    );
  });
});

describe('replies', () => {
  it('carry only the fields of the version, in schema order', () => {
    const capability = {
      _type: 'DatastoreCapability',
      storageIORMSupported: true,
      nativeSnapshotSupported: true,
      perFileThinProvisioningSupported: true,
      rawDiskMappingsSupported: false,
      directoryHierarchySupported: true,
    };
    const names = (version: ApiVersion) =>
      [...fetched(capability, version).matchAll(/<([a-z]\w*Supported)>/g)].map(m => m[1]);
    const first = [
      'directoryHierarchySupported',
      'rawDiskMappingsSupported',
      'perFileThinProvisioningSupported',
    ];
    expect(names('2.5')).toEqual(first);
    expect(names('4.1')).toEqual([...first, 'storageIORMSupported']);
    expect(names('5.5')).toEqual([...first, 'storageIORMSupported', 'nativeSnapshotSupported']);
  });

  it('write a type that the version does not know as its nearest ancestor', () => {
    const devices = new TypedValue('VirtualDevice', true, [{ _type: 'VirtualVmxnet3', key: 4000 }]);
    expect(fetched(devices, '4.0')).toContain('xsi:type="VirtualVmxnet3"');
    expect(fetched(devices, '2.5')).toContain('<VirtualDevice xsi:type="VirtualVmxnet"><key>4000</key>');
  });

  it('say the type of members of an array in anyType and of references', () => {
    expect(fetched(new TypedValue('HostSystem', true, [host]), '2.5')).toContain(
      '<returnval xsi:type="ArrayOfManagedObjectReference">' +
        '<ManagedObjectReference type="HostSystem" xsi:type="ManagedObjectReference">ha-host</ManagedObjectReference>',
    );
    expect(fetched(new TypedValue('int', true, [1]), '2.5')).toContain(
      '<returnval xsi:type="ArrayOfInt"><int xsi:type="xsd:int">1</int></returnval>',
    );
    expect(fetched(new TypedValue('long', false, 5), '2.5')).toContain('xsi:type="xsd:long">5<');
  });

  it('say the type where the declared one has subtypes and not where it has none', () => {
    const label = { label: 'IDE 0', summary: 'IDE 0' };
    const disk = { _type: 'VirtualIDEController', key: 200, busNumber: 0, deviceInfo: label };
    expect(fetched(disk, '2.5')).toContain('<deviceInfo xsi:type="Description"><label>');
    const shares = { _type: 'ResourceAllocationInfo', shares: { shares: 1, level: 'low' } };
    expect(fetched(shares, '2.5')).toContain('<shares><shares>1</shares>');
  });

  it('come back as they were written, with numbers beyond 2^53 exact', () => {
    const value = {
      _type: 'KeyAnyValue',
      key: 'k\t<&>\r\u{1f600}',
      value: new TypedValue('long', false, 2n ** 62n + 1n),
    };
    const reply = readReply(schema, 'Fetch', '4.1', fetched(value, '4.1'));
    expect(reply).toEqual({ value });
  });

  it('replace characters that XML has none for', () => {
    expect(fetched('a\u0000b\ud800c', '2.5')).toContain('>a\ufffdb\ufffdc<');
  });

  it('are not written when a required field has no value', () => {
    expect(codeOf(() => fetched({ _type: 'SharesInfo', shares: 1 }, '2.5'))).toBe(
      'UnencodableValue SharesInfo.level',
    );
  });
});

describe('faults', () => {
  const fault = { code: 'ServerFaultCode', message: 'no <login>' } as const;

  it('come back with their type and fields', () => {
    const detail = { _type: 'NoPermission', object: host, privilegeId: 'System.View' };
    const text = writeFault(schema, { ...fault, detail }, { namespace: 'urn:vim25', version: '2.5' });
    expect(text).toContain('<NoPermissionFault xmlns="urn:vim25" xsi:type="NoPermission">');
    const expected = { ...detail, object: host };
    expect(readReply(schema, 'Login', '2.5', text)).toEqual({ fault: { ...fault, detail: expected } });
  });

  it('are written as an older type to a client that does not know theirs', () => {
    const detail = { _type: 'NotAuthenticated', object: host, privilegeId: 'System.View' };
    const text = writeFault(schema, { ...fault, detail }, { namespace: 'urn:vim2', version: '2.0' });
    expect(text).toContain('<NoPermissionFault xmlns="urn:vim2" xsi:type="NoPermission">');
  });
});
