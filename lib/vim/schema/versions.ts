/** VIM API versions, oldest first. The position in this list is how tables and codec compare versions. */
export const apiVersions = ['2.0', '2.5', '2.5u2', '2.5u2server', '4.0', '4.1', '5.0', '5.1', '5.5'] as const;

export type ApiVersion = (typeof apiVersions)[number];

/** XML namespaces in which a request may come; the reply is in the same one. */
export const vimNamespaces = ['urn:vim25', 'urn:vim2', 'urn:internalvim25'] as const;

export type VimNamespace = (typeof vimNamespaces)[number];

export const newestVersion: ApiVersion = '5.5';

/** Position of a version in apiVersions. */
export function versionIndex(version: ApiVersion): number {
  return apiVersions.indexOf(version);
}

export function isApiVersion(text: string): text is ApiVersion {
  return apiVersions.some(version => version === text);
}

export function isVimNamespace(text: string): text is VimNamespace {
  return vimNamespaces.some(namespace => namespace === text);
}

/**
 * The version whose fields a reply carries. Clients spell SOAPAction in many ways: absent, "vim25",
 * urn:vim25/4.1, urn:vim25/9.0.0.0, urn:vim25#Login, quoted or not. A version that is not in the list means
 * the newest one at or below it; no version means the namespace's first.
 */
export function negotiateVersion(soapAction: string | undefined, namespace: VimNamespace): ApiVersion {
  const action = (soapAction ?? '').trim().replace(/^"(.*)"$/, '$1');
  const asked = /^urn:(?:vim2|vim25|internalvim25)\/([^#]+)/.exec(action)?.[1];
  if (asked === undefined) return namespace === 'urn:vim2' ? '2.0' : '2.5';
  return nearestVersion(asked);
}

/** The newest known version at or below the asked one; the oldest when the text is no version at all. */
export function nearestVersion(asked: string): ApiVersion {
  if (isApiVersion(asked)) return asked;
  const wanted = majorMinor(asked);
  let found: ApiVersion = '2.0';
  for (const version of apiVersions) {
    if (majorMinor(version) <= wanted) found = version;
  }
  return found;
}

function majorMinor(version: string): number {
  const match = /^(\d{1,4})(?:\.(\d{1,4}))?/.exec(version);
  return match === null ? 0 : Number(match[1]) * 10_000 + Number(match[2] ?? 0);
}
