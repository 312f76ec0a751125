import { describe, expect, it } from 'vitest';
import { parseArguments } from './arguments.js';

const parse = (line: string) => parseArguments(line.split(' ').filter(word => word !== ''));

describe('the command line', () => {
  it('takes every option of up', () => {
    expect(parse('up --root /tmp/h --port-offset 1000 --bind=0.0.0.0 --vm none')).toEqual({
      name: 'up',
      root: '/tmp/h',
      portOffset: 1000,
      bind: '0.0.0.0',
      vm: 'none',
    });
  });

  it('powers on linux unless told otherwise', () => {
    expect(parse('up')).toEqual({ name: 'up', vm: 'linux' });
  });

  it('takes --root before the command too', () => {
    expect(parse('--root=x status --json')).toEqual({ name: 'status', root: 'x', json: true });
    expect(parse('--root x down')).toEqual({ name: 'down', root: 'x' });
  });

  it('hands everything after the first word of a shell command on', () => {
    expect(parse('shell --root r esxtop -b -n 1 --root q')).toEqual({
      name: 'shell',
      root: 'r',
      command: ['esxtop', '-b', '-n', '1', '--root', 'q'],
    });
  });

  it('checks for longer than a window of limits, or as long as it is told', () => {
    expect(parse('check')).toEqual({ name: 'check', seconds: 12 });
    expect(parse('check --seconds 60 --root r')).toEqual({ name: 'check', seconds: 60, root: 'r' });
  });

  it('lets -- end the options', () => {
    expect(parse('shell -- --version')).toEqual({ name: 'shell', command: ['--version'] });
  });

  it('reads the console rule for leaving', () => {
    expect(parse('console linux --wait done --timeout 5')).toEqual({
      name: 'console',
      vm: 'linux',
      waitFor: /done/m,
      timeoutMs: 5000,
    });
  });

  it('takes the step at which the demonstration of CPUs stops, and its end', () => {
    expect(parse('demo console')).toEqual({ name: 'demo', demo: 'console' });
    expect(parse('demo cpu')).toEqual({ name: 'demo', demo: 'cpu', last: 'limit', end: false });
    expect(parse('demo cpu --step shares')).toMatchObject({ demo: 'cpu', last: 'shares' });
    expect(parse('demo cpu --end --root r')).toMatchObject({ demo: 'cpu', end: true, root: 'r' });
  });

  it.each([
    'frobnicate',
    'up extra',
    'up --port-offset',
    'up --port-offset -1',
    'up --port-offset 1e3',
    'up --port-offset 64001',
    'up --bind localhost',
    'up --bind 1.2.3.256',
    'up --vm windows',
    'up --json',
    'status --json=yes',
    'console',
    'console a b',
    'console linux --wait (',
    'check now',
    'check --seconds 0.5',
    'down --root=',
    '--root',
    'demo',
    'demo moon',
    'demo console --end',
    'demo cpu --step first',
    'demo cpu --step shares --end',
  ])('refuses "%s"', line => {
    expect(() => parse(line)).toThrowError(expect.objectContaining({ code: 'BadArguments' }));
  });

  it.each(['', 'help', '--help', '-h'])('explains itself for "%s"', line => {
    expect(parse(line)).toEqual({ name: 'help' });
  });
});
