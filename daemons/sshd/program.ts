/** How a session's program ended, as the protocol tells it. */
export type Ending = { status: number } | { signal: string; coreDumped: boolean };

/** A program that runs for a session, on a pty or on pipes. */
export interface Program {
  /** Leads the session: its pid is the session's id. */
  readonly pid: number;
  /** Resolves when the program has ended and all of its output is in the channel. */
  readonly ended: Promise<Ending>;
  resize(columns: number, rows: number): void;
  /** Gives up the channel: the connection is gone. */
  abandon(): void;
}

export interface ProgramOptions {
  argv: readonly [string, ...string[]];
  environment: Readonly<Record<string, string>>;
  folder: string;
}
