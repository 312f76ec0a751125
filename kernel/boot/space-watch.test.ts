import { expect, it } from 'vitest';
import type { DatastoreInfo } from '../abi/index.js';
import { SpaceWatch } from './space-watch.js';

const GB = 2 ** 30;
const store = (volume: string, freeGb: number, accessible = true): DatastoreInfo => ({
  volume,
  label: volume,
  type: 'NAS',
  path: `/vmfs/volumes/${volume}`,
  capacityBytes: 100 * GB,
  freeBytes: freeGb * GB,
  accessible,
});

it('tells of a volume whose free space moved by more than a hundredth since it was last told', async () => {
  let stores = [store('a', 50), store('b', 50)];
  const moved: string[] = [];
  const watch = new SpaceWatch({ list: async () => stores, moved: volume => moved.push(volume) });
  const looksAt = async (...now: DatastoreInfo[]): Promise<string[]> => {
    stores = now;
    await watch.look();
    return moved.splice(0);
  };
  expect(await looksAt(store('a', 50), store('b', 50))).toEqual([]);
  expect(await looksAt(store('a', 49.5), store('b', 50))).toEqual([]);
  // Little by little it moves as far, too.
  expect(await looksAt(store('a', 48.9), store('b', 50))).toEqual(['a']);
  expect(await looksAt(store('a', 48.9), store('b', 52))).toEqual(['b']);
  expect(await looksAt(store('a', 48.9), store('b', 52, false))).toEqual(['b']);
});

it('does not look again while a datastore hangs', async () => {
  let looks = 0;
  let answer = (_: DatastoreInfo[]): void => undefined;
  const watch = new SpaceWatch({
    list: () => {
      looks++;
      return new Promise(resolve => {
        answer = resolve;
      });
    },
    moved: () => undefined,
  });
  const first = watch.look();
  await watch.look();
  expect(looks).toBe(1);
  answer([]);
  await first;
  void watch.look();
  expect(looks).toBe(2);
});
