import { describe, expect, it } from 'vitest';
import { loginEnvironment, RequestedEnvironment, sessionArgv } from './login-environment.js';
import { boundedWindow } from './pty-program.js';

const root = { name: 'root', uid: 0, gid: 0, fullName: 'root', home: '/root', shell: '/bin/bash' };
const joe = { name: 'joe', uid: 500, gid: 501, fullName: 'Joe', home: '/home/joe', shell: '/bin/sh' };
const peer = { address: '10.0.0.9', port: 4711, localAddress: '10.0.0.1', localPort: 22 };

describe('the environment of a session', () => {
  it('takes language variables from the client and nothing else', () => {
    const requested = new RequestedEnvironment(['LANG', 'LANGUAGE', 'LC_*']);
    expect(requested.set('LANG', 'de_DE.UTF-8')).toBe(true);
    expect(requested.set('LC_TIME', 'C')).toBe(true);
    for (const name of [
      'LD_PRELOAD',
      'PATH',
      'NODE_OPTIONS',
      'BASH_ENV',
      'lang',
      'LC_ALL\0X',
      'LC_A B',
      'XLANG',
    ])
      expect(requested.set(name, 'x')).toBe(false);
    expect(requested.set('LANG', 'x'.repeat(257))).toBe(false);
    const environment = loginEnvironment(root, peer, { variables: requested.entries });
    expect(environment).toMatchObject({ LANG: 'de_DE.UTF-8', LC_TIME: 'C', HOME: '/root', USER: 'root' });
    expect(environment.SSH_CONNECTION).toBe('10.0.0.9 4711 10.0.0.1 22');
    expect(environment).not.toHaveProperty('TERM');
  });

  it('puts the administrator’s programs on root’s path alone', () => {
    expect(loginEnvironment(root, peer, { variables: {} }).PATH?.split(':')).toContain('/usr/sbin');
    expect(loginEnvironment(joe, peer, { variables: {} }).PATH?.split(':')).not.toContain('/usr/sbin');
  });

  it('runs the account’s own shell as the account', () => {
    expect(sessionArgv(root, undefined)).toEqual(['/bin/bash', '-l']);
    expect(sessionArgv(root, 'a; b')).toEqual(['/bin/bash', '-c', 'a; b']);
    expect(sessionArgv(joe, 'id')).toEqual([
      '/usr/bin/setpriv',
      '--reuid=500',
      '--regid=501',
      '--init-groups',
      '--',
      '/bin/sh',
      '-c',
      'id',
    ]);
  });

  it('fits any window into what a terminal can hold', () => {
    expect(boundedWindow(100_000, 3)).toEqual({ columns: 65535, rows: 3 });
    expect(boundedWindow(0, -5)).toEqual({ columns: 80, rows: 24 });
    expect(boundedWindow(Number.NaN, 1.5)).toEqual({ columns: 80, rows: 24 });
  });
});
