import { describe, expect, it } from 'vitest';
import type { ServiceAction, ServiceState } from '../../kernel/abi/index.js';
import { act, SERVICES, type Service } from './services.js';

/** A daemon that does as it is told. */
function daemon(state: ServiceState['state']) {
  const asked: ServiceAction[] = [];
  let now = state;
  const ask = async (action: ServiceAction): Promise<ServiceState> => {
    if (action !== 'status') asked.push(action);
    if (action === 'stop') now = 'stopped';
    if (action === 'start' || action === 'restart') now = 'running';
    return { state: now, pid: now === 'stopped' ? 0 : 77 };
  };
  return { asked, ask };
}

const hostd = SERVICES['mgmt-vmware'] as Service;

describe('service', () => {
  it('tells a restart of the host agent as its script does', async () => {
    const { asked, ask } = daemon('running');
    const { out, status } = await act(hostd, 'restart', ask);
    expect(asked).toEqual(['restart']);
    expect(status).toBe(0);
    expect(out.replaceAll(/ +\[/g, ' [')).toBe(
      'Stopping VMware ESX Server Management services:\n' +
        '   VMware ESX Server Host Agent Watchdog [  OK  ]\n' +
        '   VMware ESX Server Host Agent [  OK  ]\n' +
        'Starting VMware ESX Server Management services:\n' +
        '   VMware ESX Server Host Agent (background) [  OK  ]\n',
    );
  });

  it('tells what runs and what does not, with the exit status scripts look at', async () => {
    const sshd = SERVICES.sshd as Service;
    expect(await act(sshd, 'status', daemon('running').ask)).toEqual({
      out: 'sshd (pid 77) is running...\n',
      status: 0,
    });
    expect(await act(sshd, 'status', daemon('stopped').ask)).toEqual({ out: 'sshd is stopped\n', status: 3 });
  });

  it('fails to stop what does not run, and starts it with a restart all the same', async () => {
    const stopped = await act(hostd, 'stop', daemon('stopped').ask);
    expect(stopped.out).toContain('[FAILED]');
    expect(stopped.status).toBe(1);
    const restarted = await act(hostd, 'restart', daemon('stopped').ask);
    expect(restarted.status).toBe(0);
  });

  it('restarts on condition only what runs', async () => {
    const { asked, ask } = daemon('stopped');
    expect(await act(hostd, 'condrestart', ask)).toEqual({ out: '', status: 0 });
    expect(asked).toEqual([]);
  });

  it('fails when the daemon does not come up', async () => {
    const ask = async (): Promise<ServiceState> => ({ state: 'restarting', pid: 0 });
    const { out, status } = await act(hostd, 'start', ask);
    expect(out).toContain('[FAILED]');
    expect(status).toBe(1);
  });
});
