import { describe, expect, it } from 'vitest';
import { TICKET_LIFE_MS, Tickets } from './tickets.js';

const request = {
  vmxPath: '/vmfs/volumes/1-1/a/a.vmx',
  service: 'mks',
  user: 'root',
  rights: ['r'],
} as const;

function atTime(): { tickets: Tickets; clock: { nowMs: number } } {
  const clock = { nowMs: 0 };
  return { tickets: new Tickets({ nowMs: () => clock.nowMs }), clock };
}

const codeOf = (work: () => unknown): unknown => {
  try {
    work();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return undefined;
};

describe('tickets', () => {
  it('are identifiers as hostd gives them, and no two are alike', () => {
    const { tickets } = atTime();
    const ids = Array.from({ length: 100 }, () => tickets.issue(1024, request));
    for (const id of ids) expect(id).toMatch(/^52[0-9a-f]{6}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(new Set(ids).size).toBe(100);
  });

  it('are looked at as often as one likes and redeemed once', () => {
    const { tickets } = atTime();
    const id = tickets.issue(1024, request);
    expect(tickets.check(id)).toEqual({ vmxPath: request.vmxPath, service: 'mks', user: 'root' });
    expect(tickets.redeem(id, 1024, 'mks')).toMatchObject({ user: 'root', rights: ['r'] });
    expect(codeOf(() => tickets.check(id))).toBe('NotFound');
    expect(codeOf(() => tickets.redeem(id, 1024, 'mks'))).toBe('NotFound');
  });

  it('are used up by whoever presents them for another machine or service', () => {
    const { tickets } = atTime();
    const first = tickets.issue(1024, request);
    expect(codeOf(() => tickets.redeem(first, 1026, 'mks'))).toBe('PermissionDenied');
    expect(codeOf(() => tickets.redeem(first, 1024, 'mks'))).toBe('NotFound');
    const second = tickets.issue(1024, request);
    expect(codeOf(() => tickets.redeem(second, 1024, 'vmctl'))).toBe('PermissionDenied');
  });

  it('expire unused, and go with the power-off of their machine', () => {
    const { tickets, clock } = atTime();
    const early = tickets.issue(1024, request);
    clock.nowMs = TICKET_LIFE_MS / 2;
    const late = tickets.issue(1024, request);
    const other = tickets.issue(1026, request);
    clock.nowMs = TICKET_LIFE_MS;
    expect(codeOf(() => tickets.check(early))).toBe('NotFound');
    expect(tickets.size).toBe(2);
    tickets.forgetVm(1024);
    expect(codeOf(() => tickets.redeem(late, 1024, 'mks'))).toBe('NotFound');
    expect(tickets.redeem(other, 1026, 'mks').user).toBe('root');
  });

  it('are bounded per machine, and one that asks for too many takes none of another', () => {
    const { tickets, clock } = atTime();
    for (let i = 0; i < 128; i++) tickets.issue(1024, request);
    expect(codeOf(() => tickets.issue(1024, request))).toBe('Busy');
    expect(tickets.issue(1026, request)).toMatch(/^52/);
    clock.nowMs = TICKET_LIFE_MS;
    expect(tickets.issue(1024, request)).toMatch(/^52/);
    expect(tickets.size).toBe(1);
  });
});
