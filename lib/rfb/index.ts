/**
 * lib/rfb: the Remote Framebuffer protocol (RFC 6143 and the community's additions). Owns the bytes of handshakes,
 * messages, pixel formats and encodings, and one viewer's session over a stream that is given to it. client/ is the
 * other end, as a gateway needs it: a server's picture as a display.
 *
 * Layers: display (what a server shows, and where input goes) | byte-reader, byte-writer, rfb-error
 *         < pixel-format < pixel-codec; vnc-auth < handshake; client-message < client-messages; encodings
 *         < picture, dirty-region, scroll < viewer-picture | deflate-stream < encode
 *         < server-messages < notices < updates < viewer; testing: a display to draw on, noVNC's decoders.
 *
 * Invariants
 * - What a viewer sends is bounded before it is kept; what it may not send ends its session with an `RfbError`.
 * - A viewer holds one copy of the picture and at most one update on its way, however slowly it reads.
 * - What was sent is read from that copy: a picture drawn meanwhile never makes a comparison or a rectangle wrong.
 */
export { ByteReader } from './byte-reader.js';
export { ByteWriter } from './byte-writer.js';
export { RemoteDisplay, type RemoteDisplayOptions } from './client/remote-display.js';
export { CLIENT_LIMITS, type ClientMessageHandler, ClientMessages } from './client-messages.js';
export { type Clock, SYSTEM_CLOCK } from './clock.js';
export type { Display, DisplayListener, InputSink, KeyboardLights, Rect } from './display.js';
export { Encoding } from './encodings.js';
export { Handshake, type HandshakeOptions } from './handshake.js';
export {
  PIXEL_FORMAT_BYTES,
  type PixelFormat,
  RGB888,
  readPixelFormat,
  writePixelFormat,
} from './pixel-format.js';
export { type RfbDefect, RfbError } from './rfb-error.js';
export { Viewer, type ViewerOptions } from './viewer.js';
export { vncResponse } from './vnc-auth.js';
