import type { Control, ControlledVm } from './control.js';

/** What may go on while an operation runs beside its answer: words of the machine's question, and an answer to it. */
export interface Dialogue {
  print(text: string): void;
  /** A line of the user. */
  readLine(): Promise<string>;
}

export interface Operation {
  readonly name: string;
  /** In order; in brackets those that may be left out. */
  readonly parameters: readonly string[];
  readonly summary: string;
  /** @returns the value of `name(arguments) = value`; undefined where the operation has said everything */
  run(
    control: Control,
    vm: ControlledVm,
    args: readonly string[],
    dialogue: Dialogue,
  ): Promise<string | number | undefined>;
}
