/** A message as its sender meant it, on one line. */
export interface SyslogMessage {
  /** 0–23, RFC 3164 4.1.1; what has no priority is user.notice. */
  readonly facility: number;
  /** 0 emergency – 7 debug. */
  readonly severity: number;
  /** `su[123]: text` */
  readonly text: string;
}

const MAX_LINE_BYTES = 2048;
const USER_NOTICE = 13;
const MAX_PRIORITY = 191;
const NUL = 0;
const NEWLINE = 10;

/** Cuts the bytes of one connection into messages: syslog(3) ends each by a NUL, logger(1) by a line's end. */
export class MessageSplitter {
  #rest = Buffer.alloc(0);
  /** The message under way is longer than a line may be: its beginning is told already. */
  #skipping = false;

  push(chunk: Uint8Array): SyslogMessage[] {
    const bytes = Buffer.concat([this.#rest, chunk]);
    const messages: SyslogMessage[] = [];
    let from = 0;
    for (let at = 0; at < bytes.length; at++) {
      if (bytes[at] !== NUL && bytes[at] !== NEWLINE) continue;
      this.#take(bytes.subarray(from, at), messages);
      this.#skipping = false;
      from = at + 1;
    }
    this.#rest = Buffer.from(bytes.subarray(from));
    if (this.#rest.length > MAX_LINE_BYTES) {
      this.#take(this.#rest, messages);
      this.#skipping = true;
      this.#rest = Buffer.alloc(0);
    }
    return messages;
  }

  /** What is left when the connection ends. */
  end(): SyslogMessage[] {
    const messages: SyslogMessage[] = [];
    this.#take(this.#rest, messages);
    this.#rest = Buffer.alloc(0);
    return messages;
  }

  #take(bytes: Buffer, messages: SyslogMessage[]): void {
    if (this.#skipping || bytes.length === 0) return;
    const message = parseMessage(bytes.subarray(0, MAX_LINE_BYTES).toString('utf8'));
    if (message.text !== '') messages.push(message);
  }
}

/** RFC 3164 as syslog(3) and logger(1) write it locally: `<86>Mar  4 10:15:02 su[123]: text`. */
export function parseMessage(line: string): SyslogMessage {
  const [head = '', number = ''] = /^<(\d{1,3})>/.exec(line) ?? [];
  const priority = head !== '' && Number(number) <= MAX_PRIORITY ? Number(number) : USER_NOTICE;
  const text = line.slice(head.length).replace(/^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d /, '');
  return {
    facility: priority >> 3,
    severity: priority & 7,
    // One line a message: what a sender says must not look like another's, nor steer a terminal.
    text: text.replace(/\p{Cc}/gu, '?').trim(),
  };
}
