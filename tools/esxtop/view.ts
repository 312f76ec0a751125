import { DEFAULT_FIELD_ORDER, FIELDS, fieldOf, isShown, moveField, toggleField } from './fields.js';
import { DEFAULT_DELAY_MS, FlagError, parseDelay, wholeNumber } from './flags.js';
import { HELP_LINES } from './help.js';
import { DEFAULT_NAME_WIDTH, type PanelOptions, panelLines, type SortKey } from './panel.js';
import type { CpuSample } from './rates.js';
import { cut } from './text.js';

/** What is asked for in the line above the table. */
interface Question {
  readonly label: string;
  readonly typed: string;
  /** @throws FlagError */
  readonly answer: (view: View, typed: string) => View | Pressed;
}

/** Everything that keys change. */
export interface View {
  readonly mode: 'panel' | 'help' | 'fields' | 'order';
  readonly options: PanelOptions;
  readonly delayMs: number;
  readonly secure: boolean;
  readonly question: Question | null;
  /** Shown until the next key. */
  readonly message: string;
}

/** What is to be done after a key besides drawing. */
export type Effect = 'none' | 'repaint' | 'refresh' | 'save' | 'quit' | { readonly killWorld: number };

export interface Pressed {
  readonly view: View;
  readonly effect: Effect;
}

export function initialView(
  given: { readonly fieldOrder?: string; readonly delayMs?: number; readonly secure?: boolean } = {},
): View {
  return {
    mode: 'panel',
    options: {
      fieldOrder: given.fieldOrder ?? DEFAULT_FIELD_ORDER,
      expanded: new Set(),
      sort: 'N',
      vmOnly: false,
      maxRows: 0,
      nameWidth: DEFAULT_NAME_WIDTH,
    },
    delayMs: given.delayMs ?? DEFAULT_DELAY_MS,
    secure: given.secure ?? false,
    question: null,
    message: '',
  };
}

const CTRL_C = '\x03';
const CTRL_L = '\f';
const ESCAPE = '\x1b';
const MAX_TYPED = 64;

/** One key: a character, or a control sequence as a whole. */
export function press(view: View, key: string): Pressed {
  if (key === CTRL_C) return { view, effect: 'quit' };
  const clean = { ...view, message: '' };
  if (view.question !== null) return pressInQuestion(clean, view.question, key);
  if (view.mode === 'help') return { view: { ...clean, mode: 'panel' }, effect: 'repaint' };
  if (view.mode !== 'panel') return pressInFields(clean, key);
  return pressInPanel(clean, key);
}

function pressInPanel(view: View, key: string): Pressed {
  const then = (next: Partial<View>, effect: Effect = 'none'): Pressed => ({
    view: { ...view, ...next },
    effect,
  });
  const set = (options: Partial<PanelOptions>): Pressed => then({ options: { ...view.options, ...options } });
  switch (key) {
    case 'q':
      return then({}, 'quit');
    case ' ':
      return then({}, 'refresh');
    case CTRL_L:
      return then({}, 'repaint');
    case 'h':
    case '?':
      return then({ mode: 'help' }, 'repaint');
    case 'f':
    case 'F':
      return then({ mode: 'fields' }, 'repaint');
    case 'o':
    case 'O':
      return then({ mode: 'order' }, 'repaint');
    case 'N':
    case 'U':
    case 'R':
      return set({ sort: key satisfies SortKey });
    case 'V':
      return set({ vmOnly: !view.options.vmOnly });
    case 'W':
      return then({}, 'save');
    case 'c':
      return then({}, 'none');
    case 'k':
      if (view.secure) return then({ message: 'Nothing can be killed in secure mode' });
      return then({
        question: { label: 'World to kill (ID; its VM goes with it): ', typed: '', answer: kill },
      });
    case 's':
      if (view.secure) return then({ message: 'The delay cannot be changed in secure mode' });
      return then({ question: { label: 'Delay (seconds): ', typed: '', answer: setDelay } });
    case 'e':
      return then({ question: { label: 'Group to expand/rollup (gid): ', typed: '', answer: toggleGroup } });
    case '#':
      return then({
        question: { label: 'Rows to show (0: as many as fit): ', typed: '', answer: setMaxRows },
      });
    case 'L':
      return then({ question: { label: 'Width of NAME: ', typed: '', answer: setNameWidth } });
    case 'm':
    case 'd':
    case 'u':
    case 'v':
    case 'n':
      return then({ message: `Panel \`${key}' is not built` });
    default:
      return then({ message: key >= ' ' && key.length === 1 ? `Unknown command \`${key}': h for help` : '' });
  }
}

function pressInQuestion(view: View, question: Question, key: string): Pressed {
  if (key === ESCAPE) return { view: { ...view, question: null }, effect: 'none' };
  if (key === '\r' || key === '\n') return answered(view, question);
  let typed = question.typed;
  if (key === '\x7f' || key === '\b') typed = typed.slice(0, -1);
  else if (key === '\x15') typed = '';
  else if (key.length === 1 && key >= ' ' && typed.length < MAX_TYPED) typed += key;
  return { view: { ...view, question: { ...question, typed } }, effect: 'none' };
}

function answered(view: View, question: Question): Pressed {
  const closed = { ...view, question: null };
  const typed = question.typed.trim();
  if (typed === '') return { view: closed, effect: 'none' };
  try {
    const answer = question.answer(closed, typed);
    return 'effect' in answer ? answer : { view: answer, effect: 'none' };
  } catch (error) {
    if (!(error instanceof FlagError)) throw error;
    return { view: { ...closed, message: `Not changed: ${error.message}` }, effect: 'none' };
  }
}

const kill = (view: View, typed: string): Pressed => ({
  view,
  effect: { killWorld: wholeNumber('the world', typed, 0) },
});

const setDelay = (view: View, typed: string): View => ({ ...view, delayMs: parseDelay(typed) });

const setMaxRows = (view: View, typed: string): View => ({
  ...view,
  options: { ...view.options, maxRows: wholeNumber('the number of rows', typed, 0) },
});

const setNameWidth = (view: View, typed: string): View => ({
  ...view,
  options: { ...view.options, nameWidth: Math.min(128, wholeNumber('the width', typed, 4)) },
});

function toggleGroup(view: View, typed: string): View {
  const groupId = wholeNumber('the GID', typed, 0);
  const expanded = new Set(view.options.expanded);
  if (!expanded.delete(groupId)) expanded.add(groupId);
  return { ...view, options: { ...view.options, expanded } };
}

function pressInFields(view: View, key: string): Pressed {
  if (!/^[a-zA-Z]$/.test(key) || fieldOf(key) === undefined)
    return { view: { ...view, mode: 'panel' }, effect: 'repaint' };
  const { fieldOrder } = view.options;
  const changed =
    view.mode === 'fields' ? toggleField(fieldOrder, key) : moveField(fieldOrder, key, isShown(key) ? -1 : 1);
  return { view: { ...view, options: { ...view.options, fieldOrder: changed } }, effect: 'none' };
}

export interface ScreenText {
  readonly lines: readonly string[];
  /** Where the cursor stands while something is asked; null hides it. */
  readonly cursor: { readonly row: number; readonly column: number } | null;
}

/** What the screen is to hold, at most `rows` lines. */
export function viewText(
  view: View,
  sample: CpuSample | null,
  size: { readonly columns: number; readonly rows: number },
): ScreenText {
  const page = (lines: readonly string[]): ScreenText => ({
    lines: lines.slice(0, size.rows).map(line => cut(line, size.columns)),
    cursor: null,
  });
  if (view.mode === 'help') return page(HELP_LINES);
  if (view.mode !== 'panel') return page(fieldLines(view));
  const prompt = view.question === null ? view.message : view.question.label + view.question.typed;
  if (sample === null) return page(['', '', prompt === '' ? 'Measuring ...' : prompt]);
  const { lines, promptRow } = panelLines(sample, view.options, prompt, size);
  return { lines, cursor: view.question === null ? null : { row: promptRow, column: prompt.length } };
}

function fieldLines(view: View): string[] {
  const lines = [...view.options.fieldOrder].map(letter => {
    const field = fieldOf(letter);
    const meaning = field === undefined ? '' : `${field.title} = ${field.meaning}`;
    return `${isShown(letter) ? '*' : ' '} ${letter.toUpperCase()}:  ${meaning}`;
  });
  const letters = FIELDS.map(field => field.letter).join('');
  const hint =
    view.mode === 'fields'
      ? `One of ${letters} shows or hides its columns, any other key returns.`
      : `Upper case of ${letters} moves a field to the left, lower case to the right, any other key returns.`;
  return [`Current field order: ${view.options.fieldOrder}`, '', ...lines, '', hint];
}
