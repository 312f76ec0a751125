import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parseVmx, readVmConfig } from '../../lib/vmx/index.js';
import { BareMachine, type BareVm } from './bare-machine.js';
import { runSession, type SessionReport } from './bare-session.js';

/*
 * A VM on the bare engine, without VMkernel: `bare.js VMDIR [--cmd LINE]… [--idle SECONDS] [--stock]`. Boots to the
 * prompt, runs each line, and prints figures as JSON. With --stdio its serial port is standard input and output
 * instead, until it is killed. The baseline of the benchmarks.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    cmd: { type: 'string', multiple: true, default: [] },
    idle: { type: 'string', default: '0' },
    prompt: { type: 'string', default: '# (?:\\u001b\\[6n)?$' },
    timeout: { type: 'string', default: '120' },
    stock: { type: 'boolean', default: false },
    stdio: { type: 'boolean', default: false },
    echo: { type: 'boolean', default: false },
    'exact-timers': { type: 'boolean', default: false },
    bios: { type: 'string', default: '/usr/share/seabios/bios-256k.bin' },
    vgabios: { type: 'string', default: '/usr/share/seabios/vgabios-stdvga.bin' },
  },
});

function describe(folder: string): BareVm {
  const vmx = readdirSync(folder).find(name => name.endsWith('.vmx'));
  if (vmx === undefined) throw new Error(`no .vmx in ${folder}`);
  const config = readVmConfig(parseVmx(readFileSync(join(folder, vmx))));
  const disks = config.disks.map(disk => join(folder, disk.fileName.replace(/\.vmdk$/, '-flat.vmdk')));
  return {
    memoryBytes: config.memsizeMb << 20,
    diskPaths: disks,
    serialPorts: Math.max(1, config.serials.length),
    biosPath: values.bios,
    vgaBiosPath: values.vgabios,
  };
}

const [folder] = positionals;
if (folder === undefined) {
  process.stderr.write('usage: bare.js VMDIR [--cmd LINE]… [--idle SECONDS] [--stock] [--stdio] [--echo]\n');
  process.exit(2);
}
const machine = await BareMachine.start(describe(folder), {
  stock: values.stock,
  exactTimers: values['exact-timers'],
  onOutput: text => {
    if (values.echo) process.stderr.write(text);
    if (values.stdio) process.stdout.write(text, 'latin1');
  },
});
if (values.stdio) {
  process.stdin.on('data', chunk => machine.send(chunk.toString('latin1')));
  await new Promise(() => undefined);
}
const report: SessionReport = await runSession(machine, {
  prompt: new RegExp(values.prompt),
  lines: values.cmd,
  idleSeconds: Number(values.idle),
  timeoutMs: Number(values.timeout) * 1000,
});
process.stdout.write(`${JSON.stringify(report, null, 1)}\n`);
process.exit(0);
