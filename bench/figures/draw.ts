import type { UsedOverTime } from './used-over-time.js';

const WIDTH = 860;
const HEIGHT = 380;
const LEFT = 56;
const RIGHT = 96;
const TOP = 56;
const BOTTOM = 48;
const COLORS = ['#1f5fa8', '#c2551e', '#3a7d44', '#7a4b94'];
const PERCENT_STEP = 25;
const MOST_PERCENT = 100;

/** Lines over time as SVG, that stands by itself. */
export function drawUsed(title: string, data: UsedOverTime): string {
  const last = data.seconds.at(-1) ?? 1;
  const x = (second: number): number => LEFT + (second / last) * (WIDTH - LEFT - RIGHT);
  const y = (percent: number): number => HEIGHT - BOTTOM - (percent / MOST_PERCENT) * (HEIGHT - TOP - BOTTOM);
  const parts = [
    `<title>${escaped(title)}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    text(LEFT, 22, title, 'font-size="15" font-weight="bold"'),
    ...grid(x, y, last),
    ...data.changes.flatMap((change, at) => mark(x(change.atSeconds), y, change.text, at)),
    ...data.series.flatMap(({ name, percent }, at) => {
      const points = percent.map((value, row) => `${round(x(data.seconds[row] ?? 0))},${round(y(value))}`);
      const color = COLORS[at % COLORS.length] ?? '#000000';
      return [
        `<polyline points="${points.join(' ')}" fill="none" stroke="${color}" stroke-width="2"/>`,
        text(WIDTH - RIGHT + 8, y(percent.at(-1) ?? 0) + 4, name, `fill="${color}"`),
      ];
    }),
  ];
  const size = `viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}"`;
  const font = 'font-family="sans-serif" font-size="12" fill="#333333"';
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} ${font}>\n${parts.join('\n')}\n</svg>\n`;
}

function grid(x: (second: number) => number, y: (percent: number) => number, last: number): string[] {
  const lines: string[] = [];
  for (let percent = 0; percent <= MOST_PERCENT; percent += PERCENT_STEP) {
    lines.push(line(LEFT, y(percent), WIDTH - RIGHT, y(percent), '#dddddd'));
    lines.push(text(LEFT - 8, y(percent) + 4, `${percent} %`, 'text-anchor="end"'));
  }
  const step = last > 90 ? 20 : 10;
  for (let second = 0; second <= last; second += step)
    lines.push(text(x(second), HEIGHT - BOTTOM + 18, `${second}`, 'text-anchor="middle"'));
  lines.push(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, 'seconds', 'text-anchor="middle"'));
  return lines;
}

function mark(at: number, y: (percent: number) => number, label: string, order: number): string[] {
  const row = TOP - 18 + (order % 2) * 13;
  return [
    line(at, row + 3, at, y(0), '#999999', 'stroke-dasharray="4 3"'),
    text(at + 3, row, label, 'font-size="11"'),
  ];
}

const round = (value: number): string => value.toFixed(1);

function line(x1: number, y1: number, x2: number, y2: number, stroke: string, more = ''): string {
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="${stroke}" ${more}/>`;
}

function text(x: number, y: number, content: string, more: string): string {
  return `<text x="${round(x)}" y="${round(y)}" ${more}>${escaped(content)}</text>`;
}

const escaped = (content: string): string => content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
