import { describe, expect, it } from 'vitest';
import { readPlainXml } from './plain-xml.js';
import { CodecError } from './values.js';
import { defaultXmlLimits, parseXml } from './xml-reader.js';

const plain = (text: string) => readPlainXml(text, defaultXmlLimits);

const request =
  '<?xml version="1.0" encoding="UTF-8"?>\n<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" ' +
  'xmlns:xsi=\'http://www.w3.org/2001/XMLSchema-instance\'>\n <soapenv:Body><Find xmlns="urn:vim25">' +
  '<_this type="SearchIndex">ha-searchindex</_this><a xsi:type="X" b=\'1\'/>é &lt;&amp;&gt;&quot;&apos; ' +
  '<c xmlns="" xmlns:v="urn:v"><v:d v:e="f" e="g" >t</v:d ></c></Find></soapenv:Body></soapenv:Envelope>\n';

/** By the parser, which refuses by an error. */
function parsed(text: string): unknown {
  try {
    return parseXml(text);
  } catch (error) {
    if (error instanceof CodecError) return undefined;
    throw error;
  }
}

describe('a plain document', () => {
  it('is what a SOAP client sends, and gives the tree that the parser gives', () => {
    expect(plain(request)).toBeDefined();
    expect(plain(request)).toEqual(parsed(request));
  });

  it.each([
    ['a comment', '<a><!-- b --></a>'],
    ['CDATA', '<a><![CDATA[b]]></a>'],
    ['a document type', '<!DOCTYPE a><a/>'],
    ['a processing instruction', '<a><?b c?></a>'],
    ['a character reference', '<a>&#65;</a>'],
    ['a carriage return', '<a>\r\n</a>'],
    ['a character beyond the first 65536', '<a>\u{1f600}</a>'],
    ['a name beyond ASCII', '<ä/>'],
    ['a newline in an attribute', '<a b="\n"/>'],
  ])('has no %s', (_, text) => {
    expect(plain(text)).toBeUndefined();
  });

  it('is never what the parser refuses or reads otherwise, whatever is changed in it', () => {
    const pieces = [
      '<',
      '>',
      '/',
      '"',
      "'",
      '&',
      ';',
      ' ',
      '=',
      ':',
      'x',
      'xmlns',
      'xml:',
      '\t',
      '\0',
      ']]>',
      '</a>',
    ];
    let read = 0;
    for (let at = 0; at <= request.length; at++)
      for (const piece of ['', ...pieces])
        for (const cut of piece === '' ? [1, request.length] : [0, 1]) {
          const text = request.slice(0, at) + piece + request.slice(at + cut);
          const tree = plain(text);
          if (tree === undefined) continue;
          read++;
          if (JSON.stringify(tree) !== JSON.stringify(parsed(text))) expect.fail(JSON.stringify(text));
        }
    expect(read).toBeGreaterThan(1000);
  });
});
