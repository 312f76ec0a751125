import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  loadVimSchema,
  type ManagedObjectReference,
  type Methods,
  readReply,
  writeRequest,
} from '../../lib/vim/index.js';
import { moids } from './mo/moids.js';
import { makeRandom } from './testing/request-fuzzer.js';
import { TestHost } from './testing/test-host.js';

let test: TestHost;
const schema = loadVimSchema();

beforeAll(async () => {
  test = await TestHost.start();
});
afterAll(() => test.stop());

function requestText<M extends keyof Methods>(
  target: ManagedObjectReference,
  method: M,
  args: Methods[M]['args'],
): string {
  return writeRequest(schema, { method, namespace: 'urn:vim25', version: '4.1', target, args });
}

const pieces = [
  '<',
  '>',
  '&',
  '"',
  '&#0;',
  ']]>',
  '<!--',
  '<a>',
  '</',
  ' xsi:type="HostSystem"',
  '[',
  '-1',
  '9'.repeat(30),
  '\u0000',
  '..',
];

function mutate(text: string, random: (below: number) => number): string {
  let mutated = text;
  for (let times = 1 + random(3); times > 0; times -= 1) {
    const at = random(mutated.length);
    const kind = random(4);
    const piece = pieces[random(pieces.length)] ?? '';
    if (kind === 0) mutated = mutated.slice(0, at) + piece + mutated.slice(at);
    else if (kind === 1) mutated = mutated.slice(0, at) + mutated.slice(at + 1 + random(20));
    else if (kind === 2)
      mutated = mutated.slice(0, at) + mutated.slice(at, at + random(200)) + mutated.slice(at);
    else mutated = mutated.slice(0, at) + String.fromCharCode(random(256)) + mutated.slice(at + 1);
  }
  return mutated;
}

it('answers thousands of mutated requests with a value or a typed fault, and never with a defect of its own', async () => {
  const session = await test.login();
  const vm = await test.register(session);
  const selectSet = [
    {
      _type: 'TraversalSpec',
      name: 'x',
      type: 'Folder',
      path: 'childEntity',
      skip: false,
      selectSet: [{ name: 'x' }],
    },
  ];
  const specSet = [
    {
      propSet: [
        { type: 'VirtualMachine', all: false, pathSet: ['config.hardware.device[3000].backing', 'summary'] },
      ],
      objectSet: [{ obj: moids.rootFolder, skip: false, selectSet }],
    },
  ];
  const originals = [
    requestText(moids.propertyCollector, 'RetrieveProperties', { specSet }),
    requestText(moids.propertyCollector, 'CheckForUpdates', { version: '' }),
    requestText(moids.viewManager, 'CreateContainerView', {
      container: moids.rootFolder,
      type: ['VirtualMachine'],
      recursive: true,
    }),
    requestText(moids.vmFolder, 'RegisterVM_Task', {
      path: '[storage1] linux/linux.vmx',
      asTemplate: false,
      pool: moids.rootPool,
    }),
    requestText(moids.searchIndex, 'FindByUuid', { uuid: 'x', vmSearch: true }),
    requestText(vm, 'ReconfigVM_Task', {
      spec: { name: 'n', numCPUs: 2, extraConfig: [{ key: 'a', value: 'b' }] },
    }),
  ];
  const random = makeRandom(20_081_203);
  for (let round = 0; round < 3000; round += 1) {
    const body = mutate(originals[round % originals.length] ?? '', random);
    const answer = await test.host.dispatcher.handle({
      body,
      soapAction: 'urn:vim25/4.1',
      cookie: session,
      remoteAddress: '127.0.0.1',
      userAgent: 'mutation',
      signal: new AbortController().signal,
    });
    if (answer.status === 500) {
      const reply = readReply(schema, 'CurrentTime', '4.1', answer.body);
      expect('fault' in reply && reply.fault.detail._type, body).toMatch(/^[A-Z]\w+$/);
    }
    expect(test.errors, body).toEqual([]);
  }
}, 60_000);
