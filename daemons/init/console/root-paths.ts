import { cpSync, lstatSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';

/** Makes `path` a real folder: what else lies on the way (a link, a file) goes. */
export function folder(path: string, mode = 0o755): string {
  let at = '';
  for (const part of path.split('/').filter(p => p !== '')) {
    at += `/${part}`;
    const found = lstatSync(at, { throwIfNoEntry: false });
    if (found?.isDirectory() === true) continue;
    if (found !== undefined) rmSync(at);
    mkdirSync(at, { mode });
  }
  return path;
}

/** Makes `path` a link with this target, whatever lay there. */
export function link(path: string, target: string): void {
  rmSync(path, { recursive: true, force: true });
  symlinkSync(target, path);
}

/** Copies a tree; what the target has already stays as it is. */
export function copyFolder(source: string, target: string): void {
  cpSync(source, target, { recursive: true, force: false, verbatimSymlinks: true });
}
