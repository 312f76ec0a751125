import { describe, expect, it } from 'vitest';
import { VmwareLog } from './vmware-log.js';

const TIME = new Date(2007, 10, 5, 6, 7, 8, 9);

class Sink {
  text = '';
  fail = false;
  async append(text: string): Promise<void> {
    if (this.fail) throw new Error('no space');
    this.text += text;
  }
}

describe('VmwareLog', () => {
  it('writes lines in the product form, one line each', async () => {
    const sink = new Sink();
    const log = new VmwareLog(sink, () => TIME);
    log.write('vmx', 'first');
    log.write('vmm0', 'a\nforged: vmx| line\x1b[2J');
    await log.flush();
    expect(sink.text).toBe(
      'Nov 05 06:07:08.009: vmx| first\nNov 05 06:07:08.009: vmm0| a.forged: vmx| line.[2J\n',
    );
  });

  it('counts what the datastore refused and says so later', async () => {
    const sink = new Sink();
    const log = new VmwareLog(sink, () => TIME);
    sink.fail = true;
    log.write('vmx', 'one');
    log.write('vmx', 'two');
    await log.flush();
    sink.fail = false;
    log.write('vmx', 'three');
    await log.flush();
    expect(sink.text).toMatch(/three\n\(2 lines lost\)\n$/);
  });

  it('bounds what a guest can make it write', async () => {
    const sink = new Sink();
    let nowMs = TIME.getTime();
    const log = new VmwareLog(sink, () => new Date(nowMs));
    for (let second = 0; second < 20; second++) {
      for (let i = 0; i < 1000; i++) log.write('vmm0', 'x'.repeat(100));
      await log.flush();
      nowMs += 1000;
    }
    expect(sink.text.length).toBeLessThan(256 * 1024 + 21 * 2048);
    expect(sink.text).toMatch(/\(\d+ lines lost\)/);
  });
});
