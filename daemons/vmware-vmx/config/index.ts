/**
 * The running VM's .vmx: the text in force and which changes of it a running VM takes (running-config.ts,
 * changes-while-running.ts), and the way it becomes durable (config-writer.ts): the VMkernel checks, admits and writes
 * what this process proposes; nothing is adopted before that. identity.ts settles at power-on who the VM is.
 */
export { ConfigWriter } from './config-writer.js';
export { settleIdentity } from './identity.js';
export { RunningConfig } from './running-config.js';
