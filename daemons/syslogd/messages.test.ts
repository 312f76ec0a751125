import { describe, expect, it } from 'vitest';
import { MessageSplitter, parseMessage } from './messages.js';
import { logOf } from './routes.js';

describe('a message of syslog', () => {
  // RFC 3164 5.4, example 1 without its host name, which local senders leave out.
  it('has facility and severity by its priority, and loses the sender’s time', () => {
    expect(parseMessage('<34>Oct 11 22:14:15 su: su root failed for lonvick on /dev/pts/8')).toEqual({
      facility: 4,
      severity: 2,
      text: 'su: su root failed for lonvick on /dev/pts/8',
    });
  });

  it.each(['no priority', '<192>x', '<>x', '<1234>x'])('is user.notice when it is %j', line => {
    expect(parseMessage(line)).toMatchObject({ facility: 1, severity: 5 });
  });

  it('is one line without control characters', () => {
    expect(parseMessage('<13>a\x1b[2J\tb\rc').text).toBe('a?[2J?b?c');
  });
});

describe('the bytes of a connection', () => {
  const bytes = Buffer.from('<13>one\0<14>zwei: ü\n\n<86>three');

  it('are the same messages wherever they are cut', () => {
    const whole = ['one', 'zwei: ü', 'three'];
    for (let cut = 0; cut <= bytes.length; cut++) {
      const splitter = new MessageSplitter();
      const found = [
        ...splitter.push(bytes.subarray(0, cut)),
        ...splitter.push(bytes.subarray(cut)),
        ...splitter.end(),
      ];
      expect(found.map(({ text }) => text)).toEqual(whole);
    }
  });

  it('that never end a message are one line of bounded length', () => {
    const splitter = new MessageSplitter();
    const found = Array.from({ length: 1000 }, () => splitter.push(Buffer.alloc(1024, 'x'))).flat();
    expect(found.map(({ text }) => text.length)).toEqual([2048]);
    expect(splitter.push(Buffer.from('tail\0<13>next\0')).map(({ text }) => text)).toEqual(['next']);
  });
});

describe('the file of a message', () => {
  it.each([
    [10, 6, 'secure'],
    [4, 7, 'secure'],
    [9, 6, 'cron'],
    [2, 6, 'maillog'],
    [1, 6, 'messages'],
    [1, 7, undefined],
    [22, 0, 'messages'],
  ])('of facility %i and severity %i is %s', (facility, severity, name) => {
    expect(logOf({ facility, severity, text: '' })).toBe(name);
  });
});
