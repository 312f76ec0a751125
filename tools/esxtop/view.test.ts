import { describe, expect, it } from 'vitest';
import { formatConfig, parseConfig } from './config.js';
import { completeFieldOrder, moveField, toggleField } from './fields.js';
import { parseFlags } from './flags.js';
import { Screen, splitKeys } from './screen.js';
import { initialView, press, type View, viewText } from './view.js';

const size = { columns: 80, rows: 24 };

function typing(keys: string, from: View = initialView()): View {
  return splitKeys(keys).reduce((view, key) => press(view, key).view, from);
}

describe('keys', () => {
  it('expands and rolls up a group by its GID', () => {
    const expanded = typing('e16\r');
    expect([...expanded.options.expanded]).toEqual([16]);
    expect([...typing('e16\r', expanded).options.expanded]).toEqual([]);
  });

  it('sets delay, rows and width of names by questions', () => {
    const view = typing('s7\r#12\rL24\r');
    expect([view.delayMs, view.options.maxRows, view.options.nameWidth]).toEqual([7000, 12, 24]);
  });

  it('refuses nonsense with a reason and changes nothing', () => {
    const view = typing('s1\r');
    expect(view.delayMs).toBe(5000);
    expect(view.message).toMatch(/^Not changed: the delay must be a whole number of at least 2/);
    expect(typing('ex\r').options.expanded.size).toBe(0);
    expect(typing('e99999999999999\r').options.expanded.size).toBe(0);
  });

  it('lets the answer be corrected and given up', () => {
    expect(typing('s9\x7f8\r').delayMs).toBe(8000);
    expect(typing('s99\x158\r').delayMs).toBe(8000);
    expect(typing('s8\x1b').question).toBeNull();
    expect(typing('s8\x1b').delayMs).toBe(5000);
  });

  it('asks for the world to kill, but not in secure mode', () => {
    const asked = typing('k102');
    expect(press({ ...asked }, '\r').effect).toEqual({ killWorld: 102 });
    expect(press(typing('kx'), '\r').effect).toBe('none');
    expect(press(typing('k'), '\r').effect).toBe('none');
    expect(typing('k', initialView({ secure: true })).question).toBeNull();
  });

  it('keeps the delay in secure mode', () => {
    const view = typing('s7\r', initialView({ secure: true }));
    expect(view.delayMs).toBe(5000);
  });

  it('shows the question with the cursor behind it', () => {
    expect(viewText(typing('e1'), null, size).lines[2]).toBe('Group to expand/rollup (gid): 1');
  });

  it('leaves help and the field pages by any other key, and the program by ^C anywhere', () => {
    for (const [open, mode] of [
      ['h', 'help'],
      ['?', 'help'],
      ['f', 'fields'],
      ['o', 'order'],
    ] as const) {
      expect(typing(open).mode).toBe(mode);
      expect(press(typing(open), '\x03').effect).toBe('quit');
      expect(typing(`${open} `).mode).toBe('panel');
    }
    expect(press(typing('s'), '\x03').effect).toBe('quit');
    expect(press(typing(''), 'q').effect).toBe('quit');
    expect(press(typing('s'), 'q').effect).toBe('none');
  });

  it('hides, shows and moves fields', () => {
    expect(typing('fe').options.fieldOrder).toBe('ABCDefghi');
    expect(typing('fG').options.fieldOrder).toBe('ABCDEfGhi');
    expect(typing('oC').options.fieldOrder).toBe('ACBDEfghi');
    expect(typing('oc').options.fieldOrder).toBe('ABDCEfghi');
    expect(moveField('ABCDEgh', 'A', -1)).toBe('ABCDEgh');
    expect(moveField('ABCDEgh', 'h', 1)).toBe('ABCDEgh');
    expect(toggleField('ABCDEgh', 'a')).toBe('aBCDEgh');
  });

  it('takes the field orders of other versions, and hides what they do not know', () => {
    expect(completeFieldOrder('ABCDEfgh')).toBe('ABCDEfghi');
    expect(completeFieldOrder('EBg')).toBe('EBgacdfhi');
    for (const order of ['', 'ABCDEgg', 'ABCDEgG', 'ABCDEz', 'AB CD'])
      expect(completeFieldOrder(order)).toBeUndefined();
  });

  it('takes a control sequence for one key', () => {
    expect(splitKeys('q\x1b[A\x1b[1;5Cx\x1bOP\x1b')).toEqual([
      'q',
      '\x1b[A',
      '\x1b[1;5C',
      'x',
      '\x1bOP',
      '\x1b',
    ]);
    expect(typing('\x1b[As').question).not.toBeNull();
    expect(splitKeys('\x1b[')).toEqual(['\x1b[']);
  });

  it('says what is not built', () => {
    expect(typing('m').message).toMatch(/not built/);
    expect(typing('z').message).toMatch(/Unknown command/);
  });
});

describe('parseFlags', () => {
  it('knows the product’s flags', () => {
    expect(parseFlags(['-b', '-a', '-d', '2', '-n', '3'])).toMatchObject({
      mode: 'batch',
      all: true,
      delayMs: 2000,
      iterations: 3,
    });
    expect(parseFlags(['-bad2'])).toMatchObject({ mode: 'batch', all: true, delayMs: 2000 });
    expect(parseFlags([])).toMatchObject({ mode: 'live', delayMs: null, iterations: null, socketPath: null });
    expect(parseFlags(['-v']).mode).toBe('version');
    expect(parseFlags(['-h']).mode).toBe('help');
  });

  it.each([
    ['-x'],
    ['--delay-me'],
    ['file'],
    ['-d'],
    ['-d', '1'],
    ['-d', '0x10'],
    ['-d', '2.5'],
    ['-d', '-3'],
    ['-d', '100000'],
    ['-n', '0'],
    ['-n', ''],
    ['-R', 'folder', '--record', 'folder'],
  ])('refuses %s %s', (...args) => {
    expect(() => parseFlags(args)).toThrow(expect.objectContaining({ code: 'BadFlag' }));
  });
});

describe('configuration', () => {
  it('comes back as it was written, with the lines of other panels', () => {
    const config = { cpuFieldOrder: 'ABdCEgHfi', otherPanels: ['aBcD', ''], delayMs: 7000 };
    expect(parseConfig(formatConfig(config))).toEqual(config);
  });

  it.each([
    ['', 1],
    ['ABCDEgh', 1],
    ['ABCDEgh\n1c\n', 2],
    ['ABCDEgh\n5x\n', 2],
    ['\n5c\n', 1],
    ['ABCDExx\n5c\n', 1],
  ])('names the line that is wrong: %j', (text, line) => {
    expect(() => parseConfig(text)).toThrow(expect.objectContaining({ code: 'BadConfig', line }));
  });

  it('refuses what was cut short at any byte, but for its last newline', () => {
    const whole = 'ABCDEgh\n15c\n';
    for (let end = 0; end < whole.length - 1; end++)
      expect(() => parseConfig(whole.slice(0, end))).toThrow(expect.objectContaining({ code: 'BadConfig' }));
    expect(parseConfig(whole.slice(0, -1)).delayMs).toBe(15_000);
  });
});

describe('Screen', () => {
  const recording = (needDrain = false): { out: string[]; screen: Screen } => {
    const out: string[] = [];
    const write = (text: string): boolean => {
      out.push(text);
      return true;
    };
    const screen = new Screen({ columns: 80, rows: 24, writableNeedDrain: needDrain, write });
    return { out, screen };
  };

  it('sends only the lines that changed', () => {
    const { out, screen } = recording();
    screen.enter();
    screen.draw({ lines: ['one', 'two', 'three'], cursor: null });
    screen.draw({ lines: ['one', 'TWO'], cursor: null });
    expect(out[2]).toBe('\x1b[2;1HTWO\x1b[K\x1b[3;1H\x1b[K\x1b[?25l');
  });

  it('gives the terminal back once, and only if it took it', () => {
    const { out, screen } = recording();
    screen.leave();
    screen.enter();
    screen.leave();
    screen.leave();
    expect(out).toEqual(['\x1b[?1049h\x1b[?7l\x1b[?25l', '\x1b[?25h\x1b[?7h\x1b[?1049l']);
  });

  it('skips a drawing while the terminal does not keep up', () => {
    const { out, screen } = recording(true);
    screen.enter();
    screen.draw({ lines: ['one'], cursor: null });
    expect(out).toHaveLength(1);
  });
});
