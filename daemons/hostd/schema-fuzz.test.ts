import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadVimSchema, type ManagedObjectReference, readReply } from '../../lib/vim/index.js';
import { makeRandom, RequestFuzzer } from './testing/request-fuzzer.js';
import { TestHost } from './testing/test-host.js';

const schema = loadVimSchema();
const ROUNDS = 25;
/** A method that has not answered by then hangs; those that wait for changes are let go earlier. */
const HANG_MS = 10_000;
const WAIT_MS = 30;

let test: TestHost;
beforeAll(async () => {
  test = await TestHost.start();
});
afterAll(() => test.stop());

const refs = (): ManagedObjectReference[] => [...test.host.registry.all()].map(object => object.ref);

/** What every object there is has, as pairs of object and method. */
function calls(): { target: ManagedObjectReference; method: string }[] {
  const methods = schema.methodNames().flatMap(name => {
    const definition = schema.method(name);
    return definition === undefined ? [] : [definition];
  });
  return [...test.host.registry.all()].flatMap(({ ref, objectClass }) =>
    methods
      .filter(method => schema.isA(objectClass.typeName, method.on) && objectClass.methods.has(method.name))
      .map(method => ({ target: ref, method: method.name })),
  );
}

async function answer(body: string, cookie: string, method: string) {
  const gone = new AbortController();
  const letGo = setTimeout(() => gone.abort(), method.startsWith('Wait') ? WAIT_MS : HANG_MS);
  try {
    return await test.host.dispatcher.handle({
      body,
      soapAction: 'urn:vim25/4.1',
      cookie,
      remoteAddress: '127.0.0.1',
      userAgent: 'fuzz',
      signal: gone.signal,
    });
  } finally {
    clearTimeout(letGo);
  }
}

it('answers every built method with a value or a typed fault, whatever its arguments', async () => {
  const random = makeRandom(1_970_342);
  const fuzzer = new RequestFuzzer(schema, random, refs);
  let session = await test.login();
  await test.register(session);
  const answered = { values: 0, faults: 0 };
  for (let round = 0; round < ROUNDS; round++)
    for (const { target, method } of calls()) {
      const body = fuzzer.request(method, target);
      if (!test.host.dispatcher.hasSession(session)) session = await test.login();
      const { status, body: reply } = await answer(body, session, method);
      expect(test.errors, `${method}: ${body.slice(0, 4000)}`).toEqual([]);
      if (status === 200) answered.values++;
      else {
        const read = readReply(schema, 'CurrentTime', '4.1', reply);
        const type = 'fault' in read ? (read.fault.detail._type ?? '') : '';
        expect(
          schema.isA(type, 'MethodFault') || schema.isA(type, 'RuntimeFault'),
          `${method}: ${type}`,
        ).toBe(true);
        answered.faults++;
      }
    }
  expect(answered.values).toBeGreaterThan(100);
  expect(answered.faults).toBeGreaterThan(100);
}, 240_000);

it('has the same machines after it, and after a restart, as vmInventory.xml lists', async () => {
  await test.host.inventory.settled();
  const before = test.host.inventory.vms().map(vm => `${vm.ref.value} ${vm.vmxPath}`);
  test.host.close();
  await test.boot();
  expect(test.host.inventory.vms().map(vm => `${vm.ref.value} ${vm.vmxPath}`)).toEqual(before);
  expect(test.errors).toEqual([]);
});
