/** A server of the VIM API that is loaded. */
export interface SoapServer {
  readonly name: 'ours' | 'simulator';
  readonly host: string;
  readonly port: number;
  readonly userName: string;
  readonly password: string;
  /** Of the server's process, as is its CPU time so far, µs. */
  rssMb(): number;
  cpuUs(): number;
}
