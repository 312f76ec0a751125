// Runs inside the service console as its root, with Node and koffi: tries every way out it knows and prints one JSON
// object {attempt: outcome}. An outcome that starts with "DONE" is an escape (or a step of one) that worked.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import net from 'node:net';

const [canary, outsidePid, abstractName, sharedFolder] = process.argv.slice(2);
const koffi = createRequire('/usr/lib/vmware/dist/x.js')('koffi');
const libc = koffi.load('libc.so.6');
const long = libc.func('syscall', 'long', ['long', 'long', 'long', 'long', 'long', 'long', 'long']);
const withStrings = libc.func('syscall', 'long', [
  'long',
  'const char *',
  'const char *',
  'const char *',
  'long',
  'const char *',
  'long',
]);
const withBuffer = libc.func('syscall', 'long', ['long', 'long', 'void *', 'void *', 'long', 'long', 'long']);
const withBufferFirst = libc.func('syscall', 'long', [
  'long',
  'void *',
  'long',
  'long',
  'long',
  'long',
  'long',
]);
const errno = () => Object.entries(koffi.os.errno).find(([, n]) => n === koffi.errno())?.[0] ?? koffi.errno();
const call = (fn, ...args) => (Number(fn(...args)) === -1 ? `refused ${errno()}` : 'DONE');
const file = action => {
  try {
    action();
    return 'DONE';
  } catch (error) {
    return `refused ${error.code ?? error.status ?? error.message}`;
  }
};
const command = (...argv) => file(() => execFileSync(argv[0], argv.slice(1), { stdio: 'ignore' }));
const write = path => file(() => fs.writeFileSync(path, 'x'));
const S = {
  mount: 165,
  umount2: 166,
  pivot: 155,
  unshare: 272,
  setns: 308,
  clone: 56,
  clone3: 435,
  ptrace: 101,
  kill: 62,
  reboot: 169,
  settimeofday: 164,
  clock_settime: 227,
  adjtimex: 159,
  sethostname: 170,
  init_module: 175,
  finit_module: 313,
  delete_module: 176,
  kexec: 246,
  iopl: 172,
  ioperm: 173,
  bpf: 321,
  keyctl: 250,
  add_key: 248,
  io_uring: 425,
  open_by_handle: 304,
  userfaultfd: 323,
  perf: 298,
  syslog: 103,
  swapon: 167,
  acct: 163,
  open_tree: 428,
  move_mount: 429,
  fsopen: 430,
  fsmount: 432,
  mount_setattr: 442,
  affinity: 203,
  prlimit: 302,
  vm_writev: 311,
  pidfd_open: 434,
  socket: 41,
  quotactl: 179,
  setpriority: 141,
  setpgid: 109,
  mknod: 133,
  fanotify: 300,
  seccomp: 317,
  chroot: 161,
  capset: 126,
};
const results = {};
const attempt = (name, outcome) => {
  results[name] = outcome;
};

// Mounts and namespaces
attempt('mount tmpfs', call(withStrings, S.mount, 'x', '/mnt', 'tmpfs', 0, null, 0));
attempt('mount proc', call(withStrings, S.mount, 'proc', '/mnt', 'proc', 0, null, 0));
attempt('mount sysfs', call(withStrings, S.mount, 'sysfs', '/mnt', 'sysfs', 0, null, 0));
attempt('mount devtmpfs', call(withStrings, S.mount, 'dev', '/mnt', 'devtmpfs', 0, null, 0));
attempt('mount cgroup2', call(withStrings, S.mount, 'cg', '/mnt', 'cgroup2', 0, null, 0));
for (const path of [
  '/usr',
  '/proc',
  '/dev',
  '/run/vmware',
  '/usr/lib/vmware/dist',
  '/usr/lib/vmware/bin/node',
])
  for (const flags of [32 | 4096, 32])
    attempt(`remount ${path} rw ${flags}`, call(withStrings, S.mount, null, path, null, flags, null, 0));
attempt(
  'umount /usr/lib/vmware/dist',
  call(withStrings, S.umount2, '/usr/lib/vmware/dist', null, null, 0, null, 0),
);
attempt('open_tree', call(withBuffer, S.open_tree, -100, Buffer.from('/\0'), null, 1, 0, 0));
attempt('fsopen', call(withBufferFirst, S.fsopen, Buffer.from('proc\0'), 0, 0, 0, 0, 0));
attempt(
  'mount_setattr',
  call(withBuffer, S.mount_setattr, -100, Buffer.from('/usr\0'), Buffer.alloc(32), 0, 32, 0),
);
attempt('pivot_root', call(withStrings, S.pivot, '/', '/tmp', null, 0, null, 0));
for (const [name, flag] of Object.entries({
  mnt: 0x20000,
  user: 0x10000000,
  pid: 0x20000000,
  net: 0x40000000,
  uts: 0x4000000,
  ipc: 0x8000000,
  cgroup: 0x2000000,
  time: 0x80,
}))
  attempt(`unshare ${name}`, call(long, S.unshare, flag, 0, 0, 0, 0, 0));
attempt('clone into a user namespace', call(long, S.clone, 0x10000000 | 17, 0, 0, 0, 0, 0));
attempt('clone3', call(withBufferFirst, S.clone3, Buffer.alloc(88), 88, 0, 0, 0, 0));
attempt(
  'setns to pid 1',
  file(() => {
    const fd = fs.openSync('/proc/1/ns/mnt');
    if (Number(long(S.setns, fd, 0, 0, 0, 0, 0)) === -1) throw new Error(errno());
  }),
);
attempt('unshare(1) user and mount', command('unshare', '-Urm', 'true'));
attempt('nsenter(1)', command('nsenter', '-t', '1', '-m', 'true'));
attempt(
  'chroot out by folder descriptor',
  file(() => {
    execFileSync(
      '/usr/lib/vmware/bin/node',
      [
        '-e',
        `
    const koffi = require('/usr/lib/vmware/node_modules/koffi'); const fs = require('fs'); const libc = koffi.load('libc.so.6');
    fs.mkdirSync('/tmp/jail', { recursive: true }); const fd = fs.openSync('/');
    libc.func('int chroot(const char *)')('/tmp/jail'); libc.func('int fchdir(int)')(fd);
    for (let i = 0; i < 64; i++) process.chdir('..'); libc.func('int chroot(const char *)')('.');
    fs.readFileSync(${JSON.stringify(canary)});`,
      ],
      { stdio: 'ignore' },
    );
  }),
);

// The machine's kernel
attempt('reboot', call(long, S.reboot, 0xfee1dead, 672274793, 0x1234567, 0, 0, 0));
attempt('settimeofday', call(withBufferFirst, S.settimeofday, Buffer.alloc(16), 0, 0, 0, 0, 0));
attempt('clock_settime', call(withBuffer, S.clock_settime, 0, Buffer.alloc(16), null, 0, 0, 0));
attempt(
  'adjtimex',
  call(
    withBufferFirst,
    S.adjtimex,
    (() => {
      const b = Buffer.alloc(256);
      b.writeUInt32LE(1, 0);
      return b;
    })(),
    0,
    0,
    0,
    0,
    0,
  ),
);
attempt('sethostname', call(withBufferFirst, S.sethostname, Buffer.from('pwned'), 5, 0, 0, 0, 0));
attempt('init_module', call(withBufferFirst, S.init_module, Buffer.alloc(64), 64, 0, 0, 0, 0));
attempt('finit_module', call(long, S.finit_module, 0, 0, 0, 0, 0, 0));
attempt('delete_module', call(withBufferFirst, S.delete_module, Buffer.from('loop\0'), 0, 0, 0, 0, 0));
attempt('kexec_load', call(long, S.kexec, 0, 0, 0, 0, 0, 0));
attempt('iopl', call(long, S.iopl, 3, 0, 0, 0, 0, 0));
attempt('ioperm', call(long, S.ioperm, 0x70, 2, 1, 0, 0, 0));
attempt('bpf', call(withBuffer, S.bpf, 0, Buffer.alloc(72), null, 72, 0, 0));
attempt('keyctl: the machine root’s keyring', call(long, S.keyctl, 0, -4, 1, 0, 0, 0));
attempt('add_key', call(withStrings, S.add_key, 'user', 'x', 'y', 1, null, 0));
attempt('io_uring', call(withBuffer, S.io_uring, 8, Buffer.alloc(120), null, 0, 0, 0));
attempt('userfaultfd', call(long, S.userfaultfd, 0, 0, 0, 0, 0, 0));
attempt('perf_event_open', call(withBufferFirst, S.perf, Buffer.alloc(128), -1, 0, -1, 0, 0));
attempt(
  'kernel log',
  call(withBuffer, S.syslog, 3, Buffer.alloc(4096), null, 0, 0, 0) === 'DONE' ? 'DONE' : command('dmesg'),
);
attempt('swapon', call(withStrings, S.swapon, '/root/swap', null, null, 0, null, 0));
attempt('acct', call(withStrings, S.acct, '/root/acct', null, null, 0, null, 0));
attempt('quotactl', call(withStrings, S.quotactl, null, '/dev/vda', null, 0, null, 0));
attempt('fanotify', call(long, S.fanotify, 0, 0, 0, 0, 0, 0));
attempt(
  'CPUs beyond PCPU 0',
  call(withBuffer, S.affinity, 0, Buffer.from([8, 0, 0, 0, 0, 0, 0, 0]), null, 0, 0, 0),
);
attempt('priority above the machine’s', call(long, S.setpriority, 0, 0, -20, 0, 0, 0));
attempt(
  'open_by_handle_at',
  (() => {
    const handle = Buffer.alloc(136);
    handle.writeUInt32LE(8, 0);
    handle.writeInt32LE(1, 4);
    handle.writeUInt32LE(2, 8); // inode 2: the root of an ext4
    const fd = fs.openSync('/root');
    return call(withBuffer, S.open_by_handle, fd, handle, null, 0, 0, 0);
  })(),
);

// Devices
for (const [name, mode, device] of [
  ['disk', 0o60600, 254 << 8],
  ['vda', 0o60600, 8 << 8],
  ['mem', 0o20600, (1 << 8) | 1],
  ['kmsg', 0o20600, (1 << 8) | 11],
  ['fuse', 0o20600, (10 << 8) | 229],
])
  for (const folder of ['/root', '/tmp', '/run', '/dev/shm', '/vmfs/volumes/storage1'])
    attempt(
      `mknod ${folder}/${name}`,
      call(withBufferFirst, S.mknod, Buffer.from(`${folder}/${name}\0`), mode, device, 0, 0, 0),
    );
attempt(
  'chmod /dev/null',
  file(() => fs.chmodSync('/dev/null', 0o600)),
);
attempt(
  'a device in /dev',
  file(() => fs.writeFileSync('/dev/new', 'x')),
);
for (const name of [
  'vda',
  'sda',
  'mem',
  'kmem',
  'kmsg',
  'port',
  'fuse',
  'kvm',
  'net/tun',
  'loop-control',
  'console',
  'tty1',
])
  attempt(
    `open /dev/${name}`,
    file(() => fs.openSync(`/dev/${name}`, 'r+')),
  );

// /proc
for (const path of [
  '/proc/sys/kernel/hostname',
  '/proc/sys/kernel/core_pattern',
  '/proc/sys/kernel/modprobe',
  '/proc/sys/vm/drop_caches',
  '/proc/sys/net/ipv4/ip_forward',
  '/proc/sysrq-trigger',
  '/proc/1/oom_score_adj',
  '/proc/irq/default_smp_affinity',
  '/proc/mtrr',
  '/proc/self/uid_map',
  '/proc/timer_list',
  '/proc/scsi/scsi',
  '/proc/acpi/wakeup',
])
  attempt(`write ${path}`, write(path));
for (const path of ['/proc/kcore', '/proc/kmsg', '/proc/keys'])
  attempt(
    `read ${path}`,
    file(() => {
      const fd = fs.openSync(path, 'r');
      const text = fs.readFileSync(fd, 'latin1').slice(0, 4096);
      if (!text.includes('nodev')) return;
      throw new Error('masked');
    }),
  );
for (const name of fs.readdirSync('/proc').filter(n => /^\d+$/.test(n))) {
  attempt(
    `canary by /proc/${name}/root`,
    file(() => fs.readFileSync(`/proc/${name}/root${canary}`)),
  );
  attempt(
    `canary by /proc/${name}/cwd`,
    file(() => fs.readFileSync(`/proc/${name}/cwd${canary}`)),
  );
  attempt(
    `node by /proc/${name}/exe`,
    file(() => fs.openSync(`/proc/${name}/exe`, 'r+')),
  );
  for (const fd of file(() => fs.readdirSync(`/proc/${name}/fd`)) === 'DONE'
    ? fs.readdirSync(`/proc/${name}/fd`)
    : [])
    attempt(
      `canary by /proc/${name}/fd/${fd}`,
      file(() => fs.readFileSync(`/proc/${name}/fd/${fd}/..${canary}`)),
    );
}
attempt(
  'sysfs is there',
  file(() => fs.readdirSync('/sys/kernel')),
);

// Files of the machine
attempt(
  'read the canary',
  file(() => fs.readFileSync(canary)),
);
attempt('write the canary', write(canary));
attempt(
  'leave upwards',
  file(() => fs.readFileSync(`${'../'.repeat(40)}${canary.slice(1)}`)),
);
attempt(
  'link to the canary in a datastore',
  file(() => {
    fs.rmSync('/vmfs/volumes/storage1/l', { force: true });
    fs.symlinkSync(canary, '/vmfs/volumes/storage1/l');
    fs.writeFileSync('/vmfs/volumes/storage1/l', 'x');
  }),
);
for (const path of [
  '/usr/bin/ls',
  '/usr/new',
  '/usr/lib/vmware/dist/new',
  '/usr/lib/vmware/dist/daemons/sshd/main.js',
  '/usr/lib/vmware/bin/node',
  '/usr/lib/vmware/node_modules/koffi/package.json',
  '/run/vmware/new',
  '/vmfs/new',
  '/vmfs/volumes/new',
  `${sharedFolder}/sched`,
  `${sharedFolder}/new`,
  '/lib/x86_64-linux-gnu/libc.so.6',
])
  attempt(`write ${path}`, write(path));
attempt(
  'remove the VMkernel’s socket',
  file(() => fs.unlinkSync('/run/vmware/control.sock')),
);
attempt(
  'chmod shared memory',
  file(() => fs.chmodSync(`${sharedFolder}/sched`, 0o666)),
);
attempt(
  'hard link out of a datastore',
  file(() => fs.linkSync('/usr/bin/ls', '/vmfs/volumes/storage1/ls')),
);
attempt(
  'rename into shared memory',
  file(() => fs.renameSync('/dev/shm/x', `${sharedFolder}/x`)),
);

// Processes of the machine
attempt('signal a process outside', call(long, S.kill, Number(outsidePid), 0, 0, 0, 0, 0));
attempt('ptrace a process outside', call(long, S.ptrace, 16, Number(outsidePid), 0, 0, 0, 0));
attempt('ptrace pid 1', call(long, S.ptrace, 16, 1, 0, 0, 0, 0));
attempt('pidfd of a process outside', call(long, S.pidfd_open, Number(outsidePid), 0, 0, 0, 0, 0));
attempt(
  'limits of a process outside',
  call(withBuffer, S.prlimit, Number(outsidePid), Buffer.alloc(16), null, 0, 0, 0),
);
attempt(
  'memory of pid 1',
  file(() => fs.openSync('/proc/1/mem', 'r+')),
);
attempt('raw socket', call(long, S.socket, 2, 3, 1, 0, 0, 0));
attempt('packet socket', call(long, S.socket, 17, 3, 768, 0, 0, 0));
attempt('audit socket', call(long, S.socket, 16, 3, 9, 0, 0, 0));
attempt('network settings', command('ip', 'link', 'add', 'esc0', 'type', 'dummy'));
attempt(
  'port below 1024',
  await new Promise(resolve => {
    const server = net
      .createServer()
      .once('error', e => resolve(`refused ${e.code}`))
      .listen(991, '127.0.0.1', () => server.close(() => resolve('DONE')));
  }),
);
if (abstractName !== '')
  attempt(
    'abstract socket outside',
    await new Promise(resolve => {
      const socket = net
        .connect(`\0${abstractName}`)
        .once('error', e => resolve(`refused ${e.code}`))
        .once('connect', () => {
          socket.destroy();
          resolve('DONE');
        });
    }),
  );
attempt(
  'more capabilities',
  call(withBuffer, S.capset, 0, Buffer.alloc(0), null, 0, 0, 0) === 'DONE'
    ? 'DONE'
    : /^CapBnd:\s+00000000000400fb$/m.test(fs.readFileSync('/proc/self/status', 'utf8'))
      ? 'refused'
      : 'DONE',
);
console.log(JSON.stringify(results));
