import type {
  BoolOption,
  ChoiceOption,
  IntOption,
  LongOption,
  SharesOption,
} from '../../../../lib/vim/index.js';
import { hardware4 } from '../hardware4.js';

/** Small parts that the options of hardware and devices are made of. */
export const whole = (min: number, max: number, defaultValue = min): IntOption => ({
  min,
  max,
  defaultValue,
});

export const long = (min: number, max: number, defaultValue = min): LongOption => ({
  min,
  max,
  defaultValue,
});

export const none = whole(0, 0);

export const flag = (supported: boolean, defaultValue = false): BoolOption => ({ supported, defaultValue });

export function choice(...keys: readonly string[]): ChoiceOption {
  return { choiceInfo: keys.map(key => ({ key, label: key, summary: key })), defaultIndex: 0 };
}

export function shares(normal: number): SharesOption {
  const { min, max } = hardware4.shares;
  return { sharesOption: whole(min, max, normal), defaultLevel: 'normal' };
}
