/** A log file could not be used as one. */
export class LogError extends Error {
  override readonly name = 'LogError';
  constructor(
    readonly code: 'NotAPlainFile',
    readonly details: { path: string },
  ) {
    super(`${code}: ${details.path}`);
  }
}
