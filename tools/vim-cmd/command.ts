import type { HostAgent } from './agent.js';

export interface Command {
  /** `<group>/<operation>`; a group may have groups. */
  readonly name: string;
  /** In order; in brackets those that may be left out. */
  readonly parameters: readonly string[];
  readonly summary: string;
  run(agent: HostAgent, args: readonly string[], print: (text: string) => void): Promise<void>;
}
