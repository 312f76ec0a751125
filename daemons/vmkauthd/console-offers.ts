import { z } from 'zod';
import { HandoverError, type TakerOptions } from '../../lib/handover/index.js';
import { closeFd } from '../../lib/linux/index.js';
import type { WorldKeeper } from './world-keeper.js';

const MAX_PATH = 4096;
const MAX_WORD = 128;

const offer = z.object({
  ticket: z.string().max(MAX_WORD),
  vmxPath: z.string().min(1).max(MAX_PATH),
  service: z.enum(['mks', 'vmctl']),
  nonce: z.string().max(MAX_WORD),
  peer: z.string().max(MAX_WORD),
});

/** What authd hands over: whoever is root in the console may, and needs a ticket as everybody. */
export function admitFromConsole(keeper: WorldKeeper): TakerOptions['admit'] {
  return async (message, fd) => {
    const parsed = offer.safeParse(message);
    if (!parsed.success) throw new HandoverError('Malformed', 'That is no offer of a connection');
    const onward = await keeper.offer(parsed.data, fd);
    return {
      take: taken => void onward.go().finally(() => closeFd(taken)),
      drop: () => onward.withdraw(),
    };
  };
}
