import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findAuthorizedKey } from './authorized-keys.js';
import { parseKeyOptions, refusalOf } from './key-options.js';
import { describeKey } from './key-signature.js';

describe('authorized_keys', () => {
  let folder: string;
  let line: string;
  let blob: Buffer;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'keys-'));
    execFileSync('ssh-keygen', [
      '-q',
      '-t',
      'ed25519',
      '-N',
      '',
      '-C',
      'me at home',
      '-f',
      join(folder, 'k'),
    ]);
    line = readFileSync(join(folder, 'k.pub'), 'utf8').trim();
    blob = Buffer.from(line.split(' ')[1] ?? '', 'base64');
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const find = (text: string) => findAuthorizedKey(text, 'ssh-ed25519', blob);

  it('finds the key ssh-keygen made, with its comment, among others', () => {
    const other = line.replace(/(AAAA\S{20})./, '$1X');
    expect(find(`# ${line}\n\n${other}\n  ${line}\r\n`)).toEqual({
      kind: 'found',
      authorized: { options: { pty: true, portForwarding: true }, comment: 'me at home', line: 4 },
    });
    expect(find(other)).toEqual({ kind: 'absent' });
    expect(find(`# ${line}`)).toEqual({ kind: 'absent' });
  });

  it('finds no key under another type, cut short, or empty', () => {
    expect(find(line.replace('ssh-ed25519', 'ssh-rsa'))).toEqual({ kind: 'absent' });
    for (let length = 0; length < 80; length++) expect(find(line.slice(0, length)).kind).toBe('absent');
    expect(findAuthorizedKey(line, 'ssh-ed25519', Buffer.alloc(0))).toEqual({ kind: 'absent' });
  });

  it('reads options with blanks, commas and quotes in their values', () => {
    const found = find(`restrict,pty,from="10.0.0.0/8,!10.0.0.9",command="echo \\"a, b\\" #c" ${line}`);
    expect(found).toMatchObject({
      kind: 'found',
      authorized: {
        options: {
          pty: true,
          portForwarding: false,
          command: 'echo "a, b" #c',
          from: '10.0.0.0/8,!10.0.0.9',
        },
      },
    });
  });

  it('lets nobody in by a line whose options are unknown, not to be had, doubled or broken', () => {
    for (const options of [
      'permitopen="a:1"',
      'cert-authority',
      'verify-required',
      'command="a",command="b"',
      'no-pty="x"',
      'expiry-time="soon"',
      'command=x',
      'restrict,',
      'constructor',
    ])
      expect([options, find(`${options} ${line}`).kind]).not.toEqual([options, 'found']);
    expect(find(`tunnel="0" ${line}\n${line}`).kind).toBe('found');
  });

  it('says why a key does not count here and now', () => {
    const options = parseKeyOptions('from="10.0.0.*",expiry-time="20260102Z"');
    if (typeof options === 'string') throw new Error(options);
    const before = Date.parse('2026-01-01T23:59:59Z');
    expect(refusalOf(options, '10.0.0.7', before)).toBeUndefined();
    expect(refusalOf(options, '10.0.1.7', before)).toContain('10.0.1.7');
    expect(refusalOf(options, '10.0.0.7', before + 1000)).toContain('expired');
  });

  it('names a key as ssh-keygen does', () => {
    const fingerprint = execFileSync('ssh-keygen', ['-lf', join(folder, 'k.pub')], { encoding: 'utf8' });
    expect(fingerprint).toContain(describeKey({ type: 'ssh-ed25519', blob }).split(' ')[1]);
  });
});
