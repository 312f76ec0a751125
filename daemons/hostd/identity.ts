import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readPlainFile, writePlainFile } from '../../lib/linux/index.js';
import type { AboutInfo } from '../../lib/vim/index.js';

const build = '153875';

/** Who the server says it is: ESX Server 3.5 Update 4. */
export function aboutInfo(apiVersion: string): AboutInfo {
  return {
    name: 'VMware ESX Server',
    fullName: `VMware ESX Server 3.5.0 build-${build}`,
    vendor: 'VMware, Inc.',
    version: '3.5.0',
    build,
    localeVersion: 'INTL',
    localeBuild: '000',
    osType: 'vmnix-x86',
    productLineId: 'esx',
    apiType: 'HostAgent',
    apiVersion,
  };
}

/** The host's UUID, made at first boot. */
export async function loadHostUuid(etcFolder: string): Promise<string> {
  const path = join(etcFolder, 'hostd', 'host-uuid');
  const found = readPlainFile(path)?.trim();
  if (found !== undefined && /^[0-9a-f-]{36}$/.test(found)) return found;
  const uuid = randomUUID();
  await mkdir(join(etcFolder, 'hostd'), { recursive: true });
  await writePlainFile(path, `${uuid}\n`, 0o644);
  return uuid;
}

export function welcomePage(about: AboutInfo): string {
  return `<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>${about.name}</title></head>
<body><h1>${about.fullName}</h1>
<p>The web services of this host are at <code>/sdk</code>.</p>
<ul><li><a href="/sdk/vimService.wsdl">Service description (WSDL)</a></li>
<li><a href="/sdk/vimServiceVersions.xml">Versions of the API</a></li></ul>
</body></html>
`;
}
