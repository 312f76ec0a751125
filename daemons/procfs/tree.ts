/** A place of the file system as it is at this moment. */
export type Place =
  | { readonly kind: 'folder'; names(): readonly string[]; child(name: string): Place | undefined }
  | FilePlace
  | { readonly kind: 'link'; readonly target: string };

export interface FilePlace {
  readonly kind: 'file';
  text(): string;
  /**
   * What root writes, one write at a time: resolves when it holds. Absent: nobody may. @throws WriteRefused
   */
  readonly write?: (text: string) => Promise<void>;
}

/** Why a written value does not hold, in Linux's words. */
export class WriteRefused extends Error {
  override readonly name = 'WriteRefused';
  constructor(
    readonly errno: number,
    reason: string,
  ) {
    super(reason);
  }
}

export function folderOf(children: Readonly<Record<string, Place>>): Place {
  return {
    kind: 'folder',
    names: () => Object.keys(children),
    child: name => (Object.hasOwn(children, name) ? children[name] : undefined),
  };
}

export function fileOf(text: () => string, write?: (text: string) => Promise<void>): FilePlace {
  return write === undefined ? { kind: 'file', text } : { kind: 'file', text, write };
}
