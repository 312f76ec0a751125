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

  it('are bounded per user: for one too many the oldest of that user goes, and nobody else loses one', () => {
    const { tickets } = atTime();
    const ofRoot = tickets.issue(1024, request);
    const atOther = tickets.issue(1026, { ...request, user: 'bob' });
    const ofBob = Array.from({ length: 200 }, () => tickets.issue(1024, { ...request, user: 'bob' }));
    expect(tickets.size).toBe(2 + 32);
    expect(codeOf(() => tickets.check(ofBob[167] ?? ''))).toBe('NotFound');
    for (const good of [ofRoot, atOther, ...ofBob.slice(168)])
      expect(codeOf(() => tickets.check(good))).toBe(undefined);
  });

  it('are bounded per machine: there the oldest goes of whoever has most', () => {
    const { tickets } = atTime();
    const ofRoot = tickets.issue(1024, request);
    const many = Array.from({ length: 640 }, (_, i) =>
      tickets.issue(1024, { ...request, user: `user${i % 20}` }),
    );
    expect(tickets.size).toBe(128);
    for (const good of [ofRoot, many.at(-1) ?? '']) expect(codeOf(() => tickets.check(good))).toBe(undefined);
  });
});
