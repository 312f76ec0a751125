import { execFileSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeCertificate } from './make-certificate.js';
import { loadServerCertificate } from './server-certificate.js';

describe('makeCertificate', () => {
  it('makes a certificate that names the host, is valid now and is signed by its own key', async () => {
    const made = await makeCertificate('esx1.local');
    const certificate = new X509Certificate(made.certificate);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.checkPrivateKey(createPrivateKey(made.key))).toBe(true);
    expect(certificate.checkHost('esx1.local')).toBe('esx1.local');
    expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(Date.parse(certificate.validFrom)).toBeLessThan(Date.now());
    expect(new Date(certificate.validTo).getUTCFullYear()).toBeGreaterThan(new Date().getUTCFullYear() + 10);
  });
});

describe('loadServerCertificate', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ssl-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('makes a pair once, its key for root alone, and serves that one from then on', async () => {
    const first = await loadServerCertificate(folder, 'esx1');
    expect(statSync(join(folder, 'rui.key')).mode & 0o777).toBe(0o600);
    expect(await loadServerCertificate(folder, 'other-name')).toEqual(first);
  });

  it('serves a pair that was put in its place and refuses one that does not fit', async () => {
    const own = await makeCertificate('mine');
    writeFileSync(join(folder, 'rui.key'), own.key);
    writeFileSync(join(folder, 'rui.crt'), own.certificate);
    expect((await loadServerCertificate(folder, 'esx1')).cert).toBe(own.certificate);
    writeFileSync(join(folder, 'rui.crt'), (await makeCertificate('other')).certificate);
    await expect(loadServerCertificate(folder, 'esx1')).rejects.toThrow('is not the certificate');
    expect(readFileSync(join(folder, 'rui.key'), 'utf8')).toBe(own.key);
  });

  it('refuses a FIFO that lies in the place of the key, and waits for no writer', async () => {
    execFileSync('mkfifo', [join(folder, 'rui.key')]);
    await expect(loadServerCertificate(folder, 'esx1')).rejects.toThrow(
      'rui.key is no plain file: remove it',
    );
  });
});
