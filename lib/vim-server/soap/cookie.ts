const cookieName = 'vmware_soap_session';

/** The session's cookie out of a Cookie header; the value may be quoted. */
export function sessionCookieOf(header: string | undefined): string | undefined {
  for (const pair of (header ?? '').split(';')) {
    const equals = pair.indexOf('=');
    if (equals === -1 || pair.slice(0, equals).trim() !== cookieName) continue;
    const value = pair
      .slice(equals + 1)
      .trim()
      .replace(/^"(.*)"$/, '$1');
    return value === '' ? undefined : value;
  }
  return undefined;
}

export function setCookieHeader(cookie: string): string {
  return `${cookieName}="${cookie}"; Path=/; HttpOnly; Secure`;
}
