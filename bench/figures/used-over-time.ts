/** What VMs used of the CPUs while an esxtop recorded: a row a look. */
export interface UsedOverTime {
  /** Since the recording's first look, s. */
  readonly seconds: readonly number[];
  readonly series: readonly { readonly name: string; readonly percent: readonly number[] }[];
  /** What was changed meanwhile, and when. */
  readonly changes: readonly { readonly atSeconds: number; readonly text: string }[];
}

/**
 * Takes the %USED of VMs out of a batch recording (PDH-CSV). @param lookSeconds between two of its rows
 * @throws Error when a VM is not in it
 */
export function usedOf(
  recording: string,
  names: readonly string[],
  lookSeconds: number,
): Omit<UsedOverTime, 'changes'> {
  const [titles = [], ...rows] = recording
    .trim()
    .split('\n')
    .map(line => line.slice(1, -1).split('","'));
  const series = names.map(name => {
    const column = titles.findIndex(
      title => title.includes('\\Group Cpu(') && title.endsWith(`:${name})\\% Used`),
    );
    if (column < 0) throw new Error(`${name} is not in the recording`);
    return { name, percent: rows.map(row => Number(row[column])) };
  });
  return { seconds: rows.map((_, at) => (at + 1) * lookSeconds), series };
}

/** `seconds,demo-high,demo-low,change`: small enough to be kept. */
export function toCsv({ seconds, series, changes }: UsedOverTime): string {
  const head = ['seconds', ...series.map(({ name }) => name), 'change'].join(',');
  const rows = seconds.map((second, at) => {
    const previous = seconds[at - 1] ?? 0;
    const change = changes.find(({ atSeconds }) => atSeconds > previous && atSeconds <= second);
    const figures = series.map(({ percent }) => (percent[at] ?? Number.NaN).toFixed(1));
    return [
      second,
      ...figures,
      change === undefined ? '' : `${change.atSeconds.toFixed(1)} ${change.text}`,
    ].join(',');
  });
  return `${[head, ...rows].join('\n')}\n`;
}

export function fromCsv(text: string): UsedOverTime {
  const [head = [], ...rows] = text
    .trim()
    .split('\n')
    .map(line => line.split(','));
  const names = head.slice(1, -1);
  return {
    seconds: rows.map(([second]) => Number(second)),
    series: names.map((name, at) => ({ name, percent: rows.map(row => Number(row[at + 1])) })),
    changes: rows.flatMap(row => {
      const [, atSeconds, what] = /^([\d.]+) (.*)$/.exec(row.at(-1) ?? '') ?? [];
      return what === undefined ? [] : [{ atSeconds: Number(atSeconds), text: what }];
    }),
  };
}
