import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { futexWake, mapFile, nowUs, setThreadName } from '../../../lib/linux/index.js';
import { Doorbell } from '../../abi/index.js';
import type { FromStorage, StorageThreadData, ToStorage } from './messages.js';
import { raisePriority } from './priority.js';
import { StorageStatistics } from './statistics.js';
import { StorageLoop } from './storage-loop.js';

/** The storage thread. It blocks in epoll and nowhere else. */
function main(data: StorageThreadData, port: MessagePort): void {
  setThreadName('storage');
  raisePriority();
  const doorbell = Doorbell.open(data.shmDir, { mapFile, futexWake, nowUs });
  const tell = (message: FromStorage): void => port.postMessage(message);
  let stopping = false;
  const { controlFd, workFd } = data;
  const loop = new StorageLoop(
    { controlFd, workFd, asleep: new Int32Array(data.asleep) },
    doorbell,
    new StorageStatistics(data.statisticsPath),
    {
      onControl: () => {
        for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port))
          stopping = handle(next.message as ToStorage, loop, tell) || stopping;
      },
      onRingBroken: worldId => tell({ type: 'ringBroken', worldId }),
    },
  );
  tell({ type: 'ready' });
  while (!stopping) loop.turn();
}

/** @returns true when the thread should end */
function handle(message: ToStorage, loop: StorageLoop, tell: (message: FromStorage) => void): boolean {
  switch (message.type) {
    case 'lun':
      loop.addLun(message.lun, message.mailboxes);
      return false;
    case 'attach':
      try {
        loop.attach(message.vm);
        tell({ type: 'done', id: message.id });
      } catch (error) {
        tell({ type: 'failed', id: message.id, message: String(error) });
      }
      return false;
    case 'detach':
      loop.detach(message.worldId, () => tell({ type: 'done', id: message.id }));
      return false;
    case 'stop':
      return true;
  }
}

if (parentPort !== null) main(workerData as StorageThreadData, parentPort);
