/**
 * What a virtual serial port is connected to: a console socket, a named pipe, a file of the datastore, or nothing.
 * A backend takes what the guest sends and gives what somebody types; it never blocks the guest. Everything is
 * bounded: slow readers are dropped, files that do not keep up lose bytes and say so. serial-ports.ts has the VM's ports
 * and connects and disconnects them; a port without a backend swallows what the guest sends.
 */

export { PipeClient } from './pipe-client.js';
export type { SerialBackend, SerialInput } from './serial-backend.js';
export { SerialFile } from './serial-file.js';
export { SerialLine } from './serial-line.js';
export { SerialPorts, type SerialPortsOptions } from './serial-ports.js';
export { SerialServer, type SerialServerOptions } from './serial-server.js';
