import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

const algorithm = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  publicExponent: new Uint8Array([1, 0, 1]),
  modulusLength: 2048,
};
const dayMs = 24 * 3_600_000;
const lifetimeDays = 12 * 365;
const longestCommonName = 64;

/** A 2048-bit RSA key and a certificate that it signs for the host's name (RFC 5280), in PEM. */
export async function makeCertificate(hostName: string): Promise<{ key: string; certificate: string }> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const now = Date.now();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      // The first digit keeps the number positive and of full length.
      serialNumber: `4f${randomBytes(15).toString('hex')}`,
      name: [
        { C: ['US'] },
        { O: ['VMware, Inc.'] },
        { OU: ['VMware ESX Server Default Certificate'] },
        { CN: [hostName.slice(0, longestCommonName)] },
      ],
      notBefore: new Date(now - dayMs),
      notAfter: new Date(now + lifetimeDays * dayMs),
      signingAlgorithm: algorithm,
      keys,
      extensions: await extensions(hostName, keys.publicKey),
    },
    webcrypto,
  );
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  return { key: x509.PemConverter.encode(key, 'PRIVATE KEY'), certificate: certificate.toString('pem') };
}

/** CA:true, because the certificate is its own issuer and users add it to their trusted ones. */
async function extensions(hostName: string, publicKey: webcrypto.CryptoKey): Promise<x509.Extension[]> {
  return [
    new x509.BasicConstraintsExtension(true, undefined, true),
    await x509.SubjectKeyIdentifierExtension.create(publicKey, false, webcrypto),
    new x509.SubjectAlternativeNameExtension([
      { type: 'dns', value: hostName },
      { type: 'dns', value: 'localhost' },
      { type: 'ip', value: '127.0.0.1' },
    ]),
  ];
}
