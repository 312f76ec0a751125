import { describe, expect, it } from 'vitest';
import { readPlainHead } from './plain-head.js';

const plain = [
  'POST /sdk HTTP/1.1',
  'Host: esx1',
  'Content-Type: text/xml; charset=utf-8',
  'SOAPAction: "urn:vim25/4.1"',
  'Cookie: vmware_soap_session="52aa"',
  'User-Agent: pyvmomi',
  'Content-Length: 4',
];
const bytes = (lines: readonly string[], body = 'body'): Buffer =>
  Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1');

describe('the head of a plain SOAP request', () => {
  it('says where its body is and what its fields say', () => {
    const whole = bytes(plain);
    expect(readPlainHead(whole)).toEqual({
      bodyStart: whole.length - 4,
      contentLength: 4,
      soapAction: '"urn:vim25/4.1"',
      cookie: 'vmware_soap_session="52aa"',
      userAgent: 'pyvmomi',
    });
  });

  it('is partial at every byte before its end', () => {
    const whole = bytes(plain, '');
    for (let size = 1; size < whole.length; size++)
      expect(readPlainHead(whole.subarray(0, size)), `${size} bytes`).toBe('partial');
  });

  const without = (name: string): string[] => plain.filter(line => !line.startsWith(name));
  it.each([
    ['another method', ['GET /sdk HTTP/1.1', ...plain.slice(1)]],
    ['another path', ['POST /folder HTTP/1.1', ...plain.slice(1)]],
    ['a path that begins as /sdk does', ['POST /sdkx HTTP/1.1', ...plain.slice(1)]],
    ['a query', ['POST /sdk?a HTTP/1.1', ...plain.slice(1)]],
    ['HTTP/1.0', ['POST /sdk HTTP/1.0', ...plain.slice(1)]],
    ['no length', without('Content-Length')],
    ['no host', without('Host')],
    ['two lengths', [...plain, 'Content-Length: 4']],
    ['two cookies', [...plain, 'Cookie: a=b']],
    ['a length that is no number', [...without('Content-Length'), 'Content-Length: +4']],
    ['a length with a list', [...without('Content-Length'), 'Content-Length: 4, 4']],
    ['a large body', [...without('Content-Length'), 'Content-Length: 65537']],
    ['chunks', [...plain, 'Transfer-Encoding: chunked']],
    ['what wants an answer first', [...plain, 'Expect: 100-continue']],
    ['another protocol', [...plain, 'Connection: Upgrade', 'Upgrade: h2c']],
    ['a last request', [...plain, 'Connection: close']],
    ['a folded line', [...plain, ' folded']],
    ['a space before the colon', [...plain, 'Accept : a']],
    ['a bare line feed', [...plain, 'Accept: a\nContent-Length: 9']],
    ['a control character', [...plain, 'Accept: a\0b']],
    ['no name', [...plain, ': a']],
    ['an unknown field', [...plain, 'X-Forwarded-For: 10.0.0.1']],
    ['a head without end', [...plain, `Accept: ${'a'.repeat(9000)}`]],
  ])('is not one with %s', (_, lines) => {
    expect(readPlainHead(bytes(lines))).toBe('other');
  });
});
