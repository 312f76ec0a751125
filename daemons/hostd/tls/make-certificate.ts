import { createHash, generateKeyPair, randomBytes, sign } from 'node:crypto';
import { promisify } from 'node:util';
import * as der from './der.js';

const oid = {
  sha256WithRsa: '1.2.840.113549.1.1.11',
  country: '2.5.4.6',
  organization: '2.5.4.10',
  organizationalUnit: '2.5.4.11',
  commonName: '2.5.4.3',
  subjectKeyIdentifier: '2.5.29.14',
  subjectAlternativeName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
};

const dayMs = 24 * 3_600_000;
const lifetimeDays = 12 * 365;

/** A 2048-bit RSA key and a certificate that it signs for the host's name (RFC 5280), in PEM. */
export async function makeCertificate(hostName: string): Promise<{ key: string; certificate: string }> {
  const { privateKey, publicKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  const publicKeyInfo = publicKey.export({ type: 'spki', format: 'der' });
  const algorithm = der.sequence(der.objectIdentifier(oid.sha256WithRsa), der.nullValue());
  const body = certificateBody(hostName, publicKeyInfo, algorithm);
  const signature = sign('sha256', body, privateKey);
  const certificate = der.sequence(body, algorithm, der.bitString(signature));
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificate: pem('CERTIFICATE', certificate),
  };
}

function certificateBody(hostName: string, publicKeyInfo: Buffer, algorithm: Buffer): Buffer {
  const name = distinguishedName(hostName);
  const now = Date.now();
  // The first byte keeps the number positive and of full length.
  const serialNumber = Buffer.concat([Buffer.from([0x4f]), randomBytes(15)]);
  return der.sequence(
    der.context(0, true, der.unsignedInteger(Buffer.from([2]))),
    der.unsignedInteger(serialNumber),
    algorithm,
    name,
    der.sequence(der.time(new Date(now - dayMs)), der.time(new Date(now + lifetimeDays * dayMs))),
    name,
    publicKeyInfo,
    der.context(3, true, extensions(hostName, publicKeyInfo)),
  );
}

function distinguishedName(hostName: string): Buffer {
  const part = (type: string, value: Buffer): Buffer =>
    der.set(der.sequence(der.objectIdentifier(type), value));
  return der.sequence(
    part(oid.country, der.printableString('US')),
    part(oid.organization, der.utf8String('VMware, Inc.')),
    part(oid.organizationalUnit, der.utf8String('VMware ESX Server Default Certificate')),
    part(oid.commonName, der.utf8String(hostName.slice(0, 64))),
  );
}

/** CA:true, because the certificate is its own issuer and users add it to their trusted ones. */
function extensions(hostName: string, publicKeyInfo: Buffer): Buffer {
  const dnsName = (name: string): Buffer => der.context(2, false, Buffer.from(name, 'latin1'));
  const loopback = der.context(7, false, Buffer.from([127, 0, 0, 1]));
  const names = der.sequence(dnsName(hostName), dnsName('localhost'), loopback);
  const keyIdentifier = createHash('sha1').update(publicKeyInfo).digest();
  return der.sequence(
    extension(oid.basicConstraints, der.sequence(der.boolean(true)), true),
    extension(oid.subjectKeyIdentifier, der.octetString(keyIdentifier)),
    extension(oid.subjectAlternativeName, names),
  );
}

function extension(type: string, value: Buffer, critical = false): Buffer {
  const mark = critical ? [der.boolean(true)] : [];
  return der.sequence(der.objectIdentifier(type), ...mark, der.octetString(value));
}

function pem(label: string, content: Buffer): string {
  const lines = content.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
