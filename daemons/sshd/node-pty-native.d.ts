import 'node-pty';

/** The part of node-pty 1.1.0 that forks: exported, but left out of its own declarations. */
declare module 'node-pty' {
  export const native: {
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
  };
}
