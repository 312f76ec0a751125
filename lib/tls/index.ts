/**
 * The host's certificate: /etc/vmware/ssl/rui.{key,crt}, made once, replaced by whom it pleases, shown by hostd,
 * authd, vmkauthd and, after a hand-over, by a VM's vmx.
 *
 * - The key is root's alone. A pair that does not fit is refused, never mended.
 * - Several daemons may start at once on a fresh host: one makes the pair, the others wait for it.
 */

export {
  CertificateFile,
  type CertificatePlace,
  certificateFolder,
  type ShownCertificate,
} from './certificate-file.js';
export { SegmentStream } from './segment-stream.js';
export {
  checkedPair,
  loadServerCertificate,
  readServerCertificate,
  type ServerCertificate,
} from './server-certificate.js';
export { thumbprint } from './thumbprint.js';
