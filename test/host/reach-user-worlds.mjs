// Runs inside the service console as its root: tries to reach processes that are none of the console's (a running
// VM's vmware-vmx, the VMkernel, init) and the host's shared memory. Prints {attempt: outcome}; an outcome that does
// not start with "refused" is a way that worked.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import net from 'node:net';

const { pids, sharedFolder, runFolder } = JSON.parse(process.argv[2]);
const koffi = createRequire('/usr/lib/vmware/dist/x.js')('koffi');
const libc = koffi.load('libc.so.6');
const numbers = libc.func('syscall', 'long', Array(7).fill('long'));
const buffers = libc.func('syscall', 'long', ['long', 'long', 'void *', 'void *', 'long', 'long', 'long']);
const mmap = libc.func(
  'intptr_t mmap(intptr_t at, size_t n, int protection, int flags, int fd, long offset)',
);
const results = {};
const errno = () =>
  Object.entries(koffi.os.errno).find(([, number]) => number === koffi.errno())?.[0] ?? koffi.errno();
const attempt = (name, result) => {
  results[name] = Number(result) === -1 ? `refused ${errno()}` : `DONE ${result}`;
};
const action = (name, act) => {
  try {
    results[name] = `DONE ${act()}`;
  } catch (error) {
    results[name] = `refused ${error.code ?? error.status ?? error.message}`;
  }
};

for (const [who, pid] of Object.entries(pids)) {
  const call = (name, number, ...args) =>
    attempt(`${name} ${who}`, numbers(number, ...args, 0, 0, 0, 0, 0, 0));
  for (const signal of [0, 9, 10, 19]) call(`kill ${signal}`, 62, pid, signal);
  const short = (name, number, ...args) =>
    attempt(`${name} ${who}`, numbers(number, ...[...args, 0, 0, 0, 0, 0, 0].slice(0, 6)));
  for (const signal of [0, 9, 10, 19]) short(`kill ${signal}`, 62, pid, signal);
  short('tgkill', 234, pid, pid, 0);
  short('tkill', 200, pid, 0);
  short('pidfd_open', 434, pid, 0);
  short('ptrace attach', 101, 16, pid);
  short('ptrace seize', 101, 0x4206, pid);
  short('setpriority', 141, 0, pid, 19);
  short('ioprio_set', 251, 1, pid, 0);
  short('sched_getscheduler', 145, pid);
  short('migrate_pages', 256, pid, 0);
  short('move_pages', 279, pid, 0);
  short('kcmp', 312, process.pid, pid, 0);
  short('getpgid', 121, pid);
  short('setpgid', 109, pid, pid);
  attempt(`rt_sigqueueinfo ${who}`, buffers(129, pid, Buffer.alloc(0), Buffer.alloc(128), 0, 0, 0));
  attempt(`sched_setscheduler ${who}`, buffers(144, pid, Buffer.alloc(8), null, 0, 0, 0));
  attempt(
    `sched_setaffinity ${who}`,
    buffers(203, pid, Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]), null, 0, 0, 0),
  );
  attempt(`prlimit ${who}`, buffers(302, pid, Buffer.alloc(16), null, 0, 0, 0));
  attempt(`get_robust_list ${who}`, buffers(274, pid, Buffer.alloc(8), Buffer.alloc(8), 0, 0, 0));
  attempt(`process_vm_readv ${who}`, numbers(310, pid, 0, 0, 0, 0, 0));
  attempt(`process_vm_writev ${who}`, numbers(311, pid, 0, 0, 0, 0, 0));
  attempt(`perf_event_open ${who}`, numbers(298, 0, pid, -1, -1, 0, 0));
  for (const file of [
    'mem',
    'maps',
    'environ',
    'cmdline',
    'stat',
    'oom_score_adj',
    'ns/net',
    'root/etc/passwd',
  ])
    action(`read /proc ${file} of ${who}`, () => fs.readFileSync(`/proc/${pid}/${file}`).length);
  for (const folder of ['fd', 'map_files', 'task', 'root', 'cwd'])
    action(`list /proc ${folder} of ${who}`, () => fs.readdirSync(`/proc/${pid}/${folder}`).length);
}

// What makes a process’s memory reachable without its pid
for (const [name, number] of [
  ['userfaultfd', 323],
  ['bpf', 321],
  ['keyctl', 250],
  ['pidfd_getfd', 438],
  ['setns', 308],
  ['io_uring_setup', 425],
])
  attempt(name, numbers(number, 0, 0, 0, 0, 0, 0));
for (const device of ['fuse', 'mem', 'userfaultfd', 'kvm', 'net/tun', 'vhost-net'])
  action(`open /dev/${device}`, () => fs.openSync(`/dev/${device}`, 'r+'));
for (const table of ['shm', 'sem', 'msg'])
  action(`System V ${table} of others`, () => {
    const rows = fs.readFileSync(`/proc/sysvipc/${table}`, 'utf8').trim().split('\n').length - 1;
    if (rows === 0) throw new Error('none');
    return rows;
  });
action('POSIX message queues', () => fs.readdirSync('/dev/mqueue'));

// Shared memory: statistics, and nothing but to be read
const statistics = ['host', 'memory', 'sched', 'storage'];
action('other files than statistics in shared memory', () => {
  const others = fs.readdirSync(sharedFolder).filter(name => !statistics.includes(name));
  if (others.length === 0) throw new Error('none');
  return others;
});
for (const name of statistics) {
  const path = `${sharedFolder}/${name}`;
  const fd = fs.openSync(path, 'r');
  const { size } = fs.fstatSync(fd);
  action(`open ${name} for writing`, () => fs.openSync(path, 'r+'));
  action(`open ${name} for writing by its descriptor`, () => fs.openSync(`/proc/self/fd/${fd}`, 'r+'));
  attempt(`map ${name} writable`, mmap(0, size, 3, 1, fd, 0));
  const address = mmap(0, size, 1, 1, fd, 0);
  attempt(`make the mapping of ${name} writable`, numbers(10, address, 4096, 3, 0, 0, 0));
  for (const [operation, number] of Object.entries({ requeue: 3, 'compare and requeue': 4, wakeOp: 5 }))
    attempt(`${operation} who waits on ${name}`, numbers(202, address, number, 1, 1, address, 0));
  action(`truncate ${name}`, () => fs.truncateSync(path, 0));
  action(`remove ${name}`, () => fs.unlinkSync(path));
  action(`chmod ${name}`, () => fs.chmodSync(path, 0o666));
  action(`rename over ${name}`, () => {
    fs.writeFileSync('/dev/shm/x', '');
    fs.renameSync('/dev/shm/x', path);
  });
  attempt(`punch ${name}`, numbers(285, fd, 3, 0, 4096, 0, 0));
}

// Sockets: those of the console, the VMkernel's for typed calls, vmkauthd's
const sockets = execFileSync('sh', ['-c', 'find / -path /proc -prune -o -type s -print 2>/dev/null; true'])
  .toString()
  .split('\n')
  .filter(Boolean);
const known = [/^\/run\/log$/, /^\/run\/vmware\/(control|vmkauthd)\.sock$/, /^\/(tmp|root|var\/tmp)\//];
action('another socket that has a name', () => {
  const others = sockets.filter(path => !known.some(pattern => pattern.test(path)));
  if (others.length === 0) throw new Error('none');
  return others;
});
action('a folder of vmware-vmx', () => fs.readdirSync(runFolder));
for (const name of [`\0${runFolder}/serial0.sock`, `${runFolder}/serial0.sock`])
  await new Promise(resolve => {
    const socket = net.connect(name);
    const told = outcome => {
      results[`connect to ${JSON.stringify(name)}`] = outcome;
      socket.destroy();
      resolve();
    };
    socket.once('error', error => told(`refused ${error.code}`)).once('connect', () => told('DONE'));
  });
console.log(JSON.stringify(results));
