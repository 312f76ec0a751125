import { join } from 'node:path';
import { Images } from './images.js';
import type { BenchContext } from './result.js';
import { message, type OurHost, SoapClient, taskEnd } from './soap/index.js';

/** How many machines are powered on at once. */
export const BURST = 32;
const GUEST = 'asm-idler';

/**
 * PowerOnVM_Task of many tiny machines at once, until every task has succeeded; then all are powered off.
 * @returns power-ons per second
 */
export async function powerOns(context: BenchContext, host: OurHost, count: number): Promise<number> {
  const images = await Images.build([GUEST], join(context.folder, 'images'), context.note);
  const names = Array.from({ length: count }, (_, i) => `idler${i}`);
  for (const name of names) await images.place(GUEST, host.datastore, name);
  const vms = await host.registerAll(names.map(name => `[storage1] ${name}/${GUEST}.vmx`));
  const client = await SoapClient.loggedIn(host);
  const all = async (method: string): Promise<void> => {
    const tasks = [];
    for (const vm of vms) tasks.push(await client.askReference(message(vm, method)));
    for (const task of tasks) await taskEnd(client, task);
  };
  try {
    const startMs = performance.now();
    await all('PowerOnVM_Task');
    const perSecond = count / ((performance.now() - startMs) / 1000);
    await all('PowerOffVM_Task');
    return perSecond;
  } finally {
    client.close();
  }
}
