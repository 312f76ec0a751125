import { type ApiVersion, apiVersions, versionIndex } from '../schema/versions.js';

/** vimServiceVersions.xml: the newest served version and its predecessors, in the form clients parse. */
export function serviceVersionsXml(newest: ApiVersion): string {
  const prior = apiVersions.slice(0, versionIndex(newest)).reverse();
  const rows = prior.map(version => `      <version>${version}</version>\n`).join('');
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n<namespaces version="1.0">\n' +
    `  <namespace>\n    <name>urn:vim25</name>\n    <version>${newest}</version>\n` +
    `    <priorVersions>\n${rows}    </priorVersions>\n  </namespace>\n` +
    '  <namespace>\n    <name>urn:vim2</name>\n    <version>2.0</version>\n  </namespace>\n</namespaces>\n'
  );
}
