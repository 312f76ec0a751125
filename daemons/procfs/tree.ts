/** A place of the file system as it is at this moment. */
export type Place =
  | { readonly kind: 'folder'; names(): readonly string[]; child(name: string): Place | undefined }
  | { readonly kind: 'file'; text(): string }
  | { readonly kind: 'link'; readonly target: string };

export function folderOf(children: Readonly<Record<string, Place>>): Place {
  return {
    kind: 'folder',
    names: () => Object.keys(children),
    child: name => (Object.hasOwn(children, name) ? children[name] : undefined),
  };
}

export function fileOf(text: () => string): Place {
  return { kind: 'file', text };
}
