import nodePty from 'node-pty';

/** The part of node-pty 1.1.0 that forks and resizes: exported, but left out of its own declarations. */
export interface PtyNative {
  fork(
    file: string,
    args: readonly string[],
    environment: readonly string[],
    folder: string,
    columns: number,
    rows: number,
    uid: number,
    gid: number,
    utf8: boolean,
    helperPath: string,
    onExit: (code: number, signal: number) => void,
  ): { fd: number; pid: number; pty: string };
  resize(fd: number, columns: number, rows: number): void;
}

export const { native } = nodePty as typeof nodePty & { native: PtyNative };
