export interface ConsoleErrorDetails {
  /** The launcher said why it could not become `program`. */
  LauncherFailed: { program: string; reason: string };
  /** A program run in the console ended with a status other than 0. */
  ProgramFailed: { program: string; status: number | string; complaint: string };
}

export class ConsoleError<C extends keyof ConsoleErrorDetails = keyof ConsoleErrorDetails> extends Error {
  override readonly name = 'ConsoleError';
  constructor(
    readonly code: C,
    readonly details: ConsoleErrorDetails[C],
  ) {
    super(`${code}: ${Object.values(details).join(': ')}`);
  }
}
