import { SaxesParser } from 'saxes';
import { expect, it } from 'vitest';
import { drawUsed } from './draw.js';
import { fromCsv, toCsv, usedOf } from './used-over-time.js';

/** Titles as perfmon's PDH-CSV 4.0 has them. */
const recording = `"(PDH-CSV 4.0) (UTC)(0)","\\\\esx01\\Physical Cpu(0)\\% Processor Time","\\\\esx01\\Group Cpu(20:demo-high)\\% Used","\\\\esx01\\Group Cpu(20:demo-high)\\% Run","\\\\esx01\\Group Cpu(21:demo-low)\\% Used"
"11/21/2008 12:00:02","1.00","66.61","66.00","33.30"
"11/21/2008 12:00:04","1.00","50.02","50.00","49.90"
`;

it("takes VMs' %USED out of a batch recording", () => {
  expect(usedOf(recording, ['demo-low', 'demo-high'], 2)).toEqual({
    seconds: [2, 4],
    series: [
      { name: 'demo-low', percent: [33.3, 49.9] },
      { name: 'demo-high', percent: [66.61, 50.02] },
    ],
  });
  expect(() => usedOf(recording, ['linux'], 2)).toThrow('linux is not in the recording');
});

it('keeps a recording small, and draws the same of it', () => {
  const changes = [{ atSeconds: 2.5, text: 'shares <1 : 1>' }];
  const data = { ...usedOf(recording, ['demo-high', 'demo-low'], 2), changes };
  const csv = toCsv(data);
  expect(csv).toBe('seconds,demo-high,demo-low,change\n2,66.6,33.3,\n4,50.0,49.9,2.5 shares <1 : 1>\n');
  expect(fromCsv(csv).changes).toEqual(changes);
  const svg = drawUsed('Two VMs', fromCsv(csv));
  const seen: string[] = [];
  const parser = new SaxesParser();
  parser.on('opentag', ({ name }) => seen.push(name));
  parser.on('text', text => seen.push(text.trim()));
  parser.write(svg).close();
  expect(seen.filter(name => name === 'polyline')).toHaveLength(2);
  expect(seen).toEqual(expect.arrayContaining(['demo-high', 'demo-low', 'shares <1 : 1>', '75 %']));
});
