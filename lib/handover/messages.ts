/** A connection cannot be handed over; the message says why, for the client. */
export class HandoverError extends Error {
  override readonly name = 'HandoverError';
  constructor(
    readonly code: 'Unreachable' | 'Refused' | 'Malformed',
    message: string,
  ) {
    super(message);
  }
}

/** A certificate chain and its key are some kilobytes. */
export const MAX_MESSAGE_BYTES = 64 << 10;
export const FD_BYTE = 0x46;

const LF = 10;

/** One JSON value a line. */
export class MessageReader {
  #held: Uint8Array = new Uint8Array(0);

  /** @throws HandoverError Malformed for what is no JSON, or too long */
  push(chunk: Uint8Array): unknown[] {
    let bytes = Buffer.concat([this.#held, chunk]);
    const messages: unknown[] = [];
    for (let end = bytes.indexOf(LF); end >= 0; end = bytes.indexOf(LF)) {
      messages.push(parse(bytes.subarray(0, end).toString('utf8')));
      bytes = bytes.subarray(end + 1);
    }
    if (bytes.length > MAX_MESSAGE_BYTES) throw new HandoverError('Malformed', 'A message without an end');
    this.#held = bytes;
    return messages;
  }
}

export function encodeMessage(message: unknown): string {
  return `${JSON.stringify(message)}\n`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new HandoverError('Malformed', 'A message that is no JSON');
  }
}
