/** A SOAP request's head in the form that every client sends it in. */
export interface PlainHead {
  /** Offset at which the body begins. */
  readonly bodyStart: number;
  readonly contentLength: number;
  readonly soapAction: string | undefined;
  readonly cookie: string | undefined;
  readonly userAgent: string;
}

/**
 * What a request begins with that is not, or not yet, a plain one.
 * `partial`: so far it may become one. `other`: it is for a real HTTP parser.
 */
export type HeadState = PlainHead | 'partial' | 'other';

const maxHeadBytes = 8192;
const maxBodyBytes = 64 << 10;
const start = /^POST \/sdk(?:\/[A-Za-z0-9_.-]*)? HTTP\/1\.1$/;
const field = /^([A-Za-z0-9-]+):([\t\x20-\x7e]*)$/;
const length = /^\d{1,6}$/;

/** Fields that say nothing here, and those that are read; any other is for a real parser. */
const harmless: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'cache-control',
  'content-length',
  'content-type',
  'cookie',
  'host',
  'operationid',
  'pragma',
  'soapaction',
  'user-agent',
]);

/**
 * Reads the head of a request by the strictest reading of HTTP: a POST of a small body whose length is given, without
 * anything that needs an answer before it or a decision about the connection. Whatever is otherwise is `other`.
 */
export function readPlainHead(bytes: Buffer): HeadState {
  const end = bytes.subarray(0, maxHeadBytes).indexOf('\r\n\r\n');
  if (end < 0) return bytes.length < maxHeadBytes && isBeginning(bytes) ? 'partial' : 'other';
  const [first = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
  if (!start.test(first)) return 'other';
  const fields = new Map<string, string>();
  for (const line of lines) {
    const [, name = '', value = ''] = field.exec(line) ?? [];
    const folded = name.toLowerCase();
    const isPlain = harmless.has(folded) || (folded === 'connection' && /^\s*keep-alive\s*$/i.test(value));
    if (!isPlain || fields.has(folded)) return 'other';
    fields.set(folded, value.trim());
  }
  const sizeText = fields.get('content-length') ?? '';
  const contentLength = Number(sizeText);
  if (!fields.has('host') || !length.test(sizeText) || contentLength > maxBodyBytes) return 'other';
  return {
    bodyStart: end + 4,
    contentLength,
    soapAction: fields.get('soapaction'),
    cookie: fields.get('cookie'),
    userAgent: fields.get('user-agent') ?? '',
  };
}

const beginning = 'POST /sdk';

function isBeginning(bytes: Buffer): boolean {
  const size = Math.min(bytes.length, beginning.length);
  return bytes.toString('latin1', 0, size) === beginning.slice(0, size);
}
