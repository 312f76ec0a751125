import { FrontDoorError } from './errors.js';
import { runProcess } from './run-process.js';

/** What the tests use as real peers, beside what the guests' recipes need. */
export const TEST_PACKAGES: readonly string[] = [
  'ansible-core',
  'chromium-headless-shell',
  'curl',
  'fuse3',
  'gvncviewer',
  'iproute2',
  'libnbd-bin',
  'hydra',
  'libvirt-clients',
  'nmap',
  'nbdkit',
  'netpbm',
  'openssh-client',
  'openssh-sftp-server',
  'python3-pyvmomi',
  'qemu-utils',
  'rsync',
  'sshpass',
  'tmux',
  'vncsnapshot',
  'xdotool',
  'xvfb',
];

/** Installs the Debian packages of the list that the machine lacks. @returns those it installed */
export async function installPackages(
  names: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<string[]> {
  const missing = await missingPackages(names);
  if (missing.length === 0) return [];
  if (process.geteuid?.() !== 0)
    throw new FrontDoorError(
      'NotRoot',
      `this machine lacks ${missing.join(', ')}`,
      'Run this command as root.',
    );
  const env = { ...environment, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' };
  const update = await runProcess('apt-get', ['-q', 'update'], { env, output: 'capture' });
  const install = await runProcess(
    'apt-get',
    ['-q', 'install', '-y', '--no-install-recommends', ...missing],
    {
      env,
      output: 'capture',
    },
  );
  if (install.status !== 0)
    throw new FrontDoorError(
      'StepFailed',
      `apt-get could not install ${missing.join(', ')}:\n${lastLines(update.output + install.output)}`,
      "Check the machine's apt sources and network (apt-get update), then run this again.",
    );
  return missing;
}

// biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own format
const DPKG_FORMAT = '${db:Status-Abbrev} ${Package}\n';

async function missingPackages(names: readonly string[]): Promise<string[]> {
  const { output } = await runProcess('dpkg-query', ['-W', '-f', DPKG_FORMAT, ...names], {
    output: 'capture',
  });
  const installed = new Set(
    output
      .split('\n')
      .filter(line => line.startsWith('ii'))
      .map(line => line.split(' ').at(-1)),
  );
  return names.filter(name => !installed.has(name));
}

export function lastLines(text: string, count = 15): string {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}
