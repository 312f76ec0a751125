import { describe, expect, it } from 'vitest';
import { encodeFrame, FrameDecoder, FrameError, MAX_BODY_BYTES } from './frames.js';

const header = { id: 7, call: 'fileRead', args: { path: '/vmfs/volumes/ä/x' } };
const body = Uint8Array.from({ length: 300 }, (_, i) => i & 255);

describe('frames', () => {
  it('carries a header and a body', () => {
    const [frame] = new FrameDecoder().push(encodeFrame(header, body));
    expect(frame).toEqual({ header, body });
  });

  it('puts frames together that arrive byte by byte, and several that arrive at once', () => {
    const bytes = encodeFrame(header, body);
    const decoder = new FrameDecoder();
    const frames = [...bytes].flatMap(byte => decoder.push(Uint8Array.of(byte)));
    expect(frames).toEqual([{ header, body }]);
    const three = new Uint8Array([...bytes, ...bytes, ...encodeFrame('x')]);
    expect(decoder.push(three).map(f => f.header)).toEqual([header, header, 'x']);
  });

  it('waits for the rest when cut at any byte', () => {
    const bytes = encodeFrame(header, body);
    for (let cut = 0; cut < bytes.length; cut++)
      expect(new FrameDecoder().push(bytes.subarray(0, cut))).toEqual([]);
  });

  it('refuses lengths that no frame has before it takes memory for them', () => {
    const prefix = new Uint8Array(8);
    new DataView(prefix.buffer).setUint32(4, MAX_BODY_BYTES + 1, true);
    expect(() => new FrameDecoder().push(prefix)).toThrow(FrameError);
    new DataView(prefix.buffer).setUint32(0, 0xffffffff, true);
    expect(() => new FrameDecoder().push(prefix)).toThrow(FrameError);
    expect(() => encodeFrame({}, new Uint8Array(MAX_BODY_BYTES + 1))).toThrow(FrameError);
  });

  it('refuses a header that is no JSON', () => {
    const bytes = encodeFrame('abc');
    bytes[8] = 0x7b;
    expect(() => new FrameDecoder().push(bytes)).toThrow(FrameError);
  });
});
