import { readFileSync } from 'node:fs';
import { FrontDoorError } from './errors.js';
import { runProcess } from './run-process.js';

/**
 * unshare(1)'s ways to make an ordinary user the root of namespaces of his own, the best first: with the ids that
 * /etc/subuid and newuidmap(1) give him, and with his own id alone. The pid namespace lets init start processes in the
 * console's, and takes everything along when it ends.
 */
const WAYS: readonly (readonly string[])[] = [['--map-root-user', '--map-auto'], ['--map-root-user']];
const NAMESPACES = ['--mount', '--pid', '--fork', '--mount-proc', '--kill-child'];

/**
 * What to put before init's command line: nothing for root.
 * @throws FrontDoorError NotRoot when this machine gives ordinary users no user namespace
 */
export async function namespaceCommand(): Promise<readonly string[]> {
  if (process.geteuid?.() === 0) return [];
  let complaint = '';
  for (const way of WAYS) {
    const command = ['unshare', '--user', ...way, ...NAMESPACES, '--'];
    const [program = '', ...rest] = command;
    const { status, output } = await runProcess(program, [...rest, 'true'], { output: 'capture' });
    if (status === 0) return command;
    complaint = output.trim();
  }
  throw new FrontDoorError(
    'NotRoot',
    `this machine gives an ordinary user no namespaces: ${complaint}`,
    `${policyAdvice()}Or run ./esx up as root.`,
  );
}

const POLICIES = [
  ['kernel.unprivileged_userns_clone', '0'],
  ['kernel.apparmor_restrict_unprivileged_userns', '1'],
  ['user.max_user_namespaces', '0'],
] as const;

function policyAdvice(): string {
  const found = POLICIES.find(([name, refusing]) => sysctl(name) === refusing);
  return found === undefined ? '' : `sysctl ${found[0]} is ${found[1]}: root can change it. `;
}

function sysctl(name: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/${name.replaceAll('.', '/')}`, 'utf8').trim();
  } catch {
    return undefined; // this Linux has no such policy
  }
}
