/** The messages of a client by their first byte: RFC 6143 7.5, ExtendedDesktopSize's and QEMU's. */
export const ClientMessage = {
  setPixelFormat: 0,
  setEncodings: 2,
  updateRequest: 3,
  key: 4,
  pointer: 5,
  cutText: 6,
  setDesktopSize: 251,
  qemu: 255,
} as const;

/** The second byte of QEMU's. */
export const QEMU_EXTENDED_KEY = 0;
