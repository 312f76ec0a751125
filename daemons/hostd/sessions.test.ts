import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { typeNameOf, type UserSession } from '../../lib/vim/index.js';
import { moids } from './mo/moids.js';
import { faultOf, TestHost } from './testing/test-host.js';

let test: TestHost;
let root: string;
beforeEach(async () => {
  test = await TestHost.start();
  root = await test.login();
});
afterEach(() => test.stop());

const manager = moids.sessionManager;
const credentials = { userName: 'root', password: 'root-password' };
const list = async () => (await test.read(root, manager, 'sessionList')) as UserSession[];
const latest = () => test.host.events.latestEvent;

describe('a session', () => {
  it('is one user, once', async () => {
    const again = test.call(manager, 'Login', credentials, { session: root });
    expect(await faultOf(again)).toBe('InvalidLogin');
    expect((await list()).length).toBe(1);
  });

  it('is terminated with all that waits in it, by another one only', async () => {
    const other = await test.login();
    const key = test.keyOf(other);
    const collector = moids.propertyCollector;
    const spec = {
      propSet: [{ type: 'Folder', all: false, pathSet: ['name'] }],
      objectSet: [{ obj: moids.rootFolder, skip: false }],
    };
    await test.call(collector, 'CreateFilter', { spec, partialUpdates: false }, { session: other });
    const { version } = await test.call(collector, 'WaitForUpdates', {}, { session: other });
    const waiting = faultOf(test.call(collector, 'WaitForUpdates', { version }, { session: other }));
    const terminate = (...sessionId: string[]) =>
      test.call(manager, 'TerminateSession', { sessionId }, { session: root });
    expect(await faultOf(terminate(test.keyOf(root)))).toBe('InvalidArgument');
    expect(await faultOf(terminate(key, 'no-such'))).toBe('NotFound');
    expect((await list()).length).toBe(2);
    await terminate(key);
    expect(await waiting).toBe('NotAuthenticated');
    expect(latest()).toMatchObject({
      _type: 'SessionTerminatedEvent',
      sessionId: key,
      terminatedUsername: 'root',
      userName: 'root',
    });
    expect(await faultOf(test.read(other, moids.rootFolder, 'name'))).toBe('NotAuthenticated');
  });

  it('speaks English', async () => {
    const locale = (value: string) => test.call(manager, 'SetLocale', { locale: value }, { session: root });
    expect(await faultOf(locale('xx_YY'))).toBe('InvalidLocale');
    await locale('en_US');
    expect(await list()).toMatchObject([{ locale: 'en_US' }]);
    expect(await faultOf(test.call(manager, 'Login', { ...credentials, locale: 'xx' }))).toBe(
      'InvalidLocale',
    );
  });

  it('shows everybody the message of the day', async () => {
    await test.call(manager, 'UpdateServiceMessage', { message: 'down at noon' }, { session: root });
    const other = await test.login();
    expect(await test.read(other, manager, 'message')).toBe('down at noon');
  });

  it('can be cloned with a ticket, once', async () => {
    const cloneTicket = await test.call(manager, 'AcquireCloneTicket', {}, { session: root });
    const clone = await test.call(manager, 'CloneSession', { cloneTicket });
    expect(clone.userName).toBe('root');
    expect((await list()).map(session => session.key)).toContain(clone.key);
    expect(await faultOf(test.call(manager, 'CloneSession', { cloneTicket }))).toBe('InvalidLogin');
  });

  it('leaves one event when it begins, one when it ends and one when it is refused', async () => {
    const session = await test.login();
    expect(latest()).toMatchObject({
      _type: 'UserLoginSessionEvent',
      userName: 'root',
      sessionId: test.keyOf(session),
      ipAddress: '127.0.0.1',
    });
    await test.call(manager, 'Logout', {}, { session });
    expect(latest()).toMatchObject({ _type: 'UserLogoutSessionEvent', userName: 'root' });
    expect(JSON.stringify(latest())).not.toContain(session);
    await faultOf(test.call(manager, 'Login', { userName: 'root', password: 'x' }));
    expect(latest()).toMatchObject({ _type: 'BadUsernameSessionEvent', userName: 'root' });
    await faultOf(test.login('alice'));
    expect(latest()).toMatchObject({ _type: 'NoAccessUserEvent', userName: 'alice' });
    const filter = { entity: { entity: moids.host, recursion: 'self' as const } };
    const events = await test.call(moids.eventManager, 'QueryEvents', { filter }, { session: root });
    expect(events?.map(event => typeNameOf(event)).slice(-4)).toEqual([
      'UserLoginSessionEvent',
      'UserLogoutSessionEvent',
      'BadUsernameSessionEvent',
      'NoAccessUserEvent',
    ]);
    // A session's key is its cookie: who may read events must not be able to use one.
    expect(JSON.stringify(events, (_, value) => (typeof value === 'bigint' ? 0 : value))).not.toContain(
      session.slice(8),
    );
  });
});

describe('sessions', () => {
  it('that nobody uses end by themselves', async () => {
    test.host.close();
    await test.boot({ sessionLimits: { idleMs: 0 } });
    const session = await test.login();
    const begun = Date.now();
    while (Date.now() <= begun) await test.call(moids.serviceInstance, 'RetrieveServiceContent', {});
    expect(await faultOf(test.read(session, moids.rootFolder, 'name'))).toBe('NotAuthenticated');
  });

  it('keep room for administrators', async () => {
    test.host.close();
    await test.boot({ sessionLimits: { maxSessions: 3, keptForAdministrators: 1 } });
    root = await test.login();
    const permission = [{ principal: 'alice', group: false, roleId: -2, propagate: true }];
    const args = { entity: moids.rootFolder, permission };
    await test.call(moids.authorizationManager, 'SetEntityPermissions', args, { session: root });
    await test.login('alice');
    expect(await faultOf(test.login('alice'))).toBe('SystemError');
    await test.login();
    expect(await faultOf(test.login())).toBe('SystemError');
  });
});
