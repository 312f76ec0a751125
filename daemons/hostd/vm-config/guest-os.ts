import type { VimSchema } from '../../../lib/vim/index.js';

/** Names that the product shows for the guest systems of its time; others are shown by their identifier. */
const fullNames: Readonly<Record<string, string>> = {
  dosGuest: 'MS-DOS',
  win31Guest: 'Windows 3.1',
  win95Guest: 'Windows 95',
  win98Guest: 'Windows 98',
  winNTGuest: 'Microsoft Windows NT 4',
  win2000ProGuest: 'Microsoft Windows 2000 Professional',
  win2000ServGuest: 'Microsoft Windows 2000 Server',
  winXPProGuest: 'Microsoft Windows XP Professional (32-bit)',
  winNetStandardGuest: 'Microsoft Windows Server 2003, Standard Edition (32-bit)',
  winNetEnterpriseGuest: 'Microsoft Windows Server 2003, Enterprise Edition (32-bit)',
  winVistaGuest: 'Microsoft Windows Vista (32-bit)',
  winLonghornGuest: 'Microsoft Windows Server 2008 (32-bit)',
  rhel3Guest: 'Red Hat Enterprise Linux 3 (32-bit)',
  rhel4Guest: 'Red Hat Enterprise Linux 4 (32-bit)',
  rhel5Guest: 'Red Hat Enterprise Linux 5 (32-bit)',
  slesGuest: 'Suse Linux Enterprise 8/9 (32-bit)',
  sles10Guest: 'Suse Linux Enterprise Server 10 (32-bit)',
  ubuntuGuest: 'Ubuntu Linux (32-bit)',
  ubuntu64Guest: 'Ubuntu Linux (64-bit)',
  other24xLinuxGuest: 'Other 2.4.x Linux (32-bit)',
  other26xLinuxGuest: 'Other 2.6x Linux (32-bit)',
  other26xLinux64Guest: 'Other 2.6x Linux (64-bit)',
  otherLinuxGuest: 'Other Linux (32-bit)',
  otherLinux64Guest: 'Other Linux (64-bit)',
  freebsdGuest: 'FreeBSD (32-bit)',
  solaris10Guest: 'Sun Solaris 10 (32-bit)',
  otherGuest: 'Other (32-bit)',
  otherGuest64: 'Other (64-bit)',
};

/** Spellings in configuration files that do not follow from the identifier. */
const otherSpellings: Readonly<Record<string, string>> = {
  linux: 'otherLinuxGuest',
  'other-64': 'otherGuest64',
  longhorn: 'winLonghornGuest',
  'longhorn-64': 'winLonghorn64Guest',
  'windows7srv-64': 'windows7Server64Guest',
  'windows8srv-64': 'windows8Server64Guest',
};

export interface GuestOs {
  readonly guestId: string;
  readonly fullName: string;
}

/** The API's identifier and name of a configuration file's guestOS. */
export function guestOsOf(schema: VimSchema, guestOs: string): GuestOs {
  const guestId = identifier(schema, guestOs.toLowerCase());
  return { guestId, fullName: guestFullName(guestId) };
}

/** The name that clients show for an identifier. */
export function guestFullName(guestId: string): string {
  return fullNames[guestId] ?? guestId.replace(/Guest$/, '');
}

/** How a configuration file spells an identifier; undefined for what is none. */
export function guestOsSpelling(schema: VimSchema, guestId: string): string | undefined {
  if (!identifiers(schema).includes(guestId)) return undefined;
  const special = Object.entries(otherSpellings).find(([word, id]) => id === guestId && word !== 'linux');
  if (special !== undefined) return special[0];
  return guestId
    .replace(/Guest$/, '')
    .replace(/_?64$/, '-64')
    .toLowerCase();
}

/** The API's identifiers of guest systems. */
export function identifiers(schema: VimSchema): readonly string[] {
  const definition = schema.type('VirtualMachineGuestOsIdentifier');
  return definition?.kind === 'enum' ? definition.values : [];
}

function identifier(schema: VimSchema, spelling: string): string {
  const known = identifiers(schema);
  const wanted = [`${spelling.replace(/-64$/, '_64')}guest`, `${spelling.replace(/-64$/, '64')}guest`];
  const found = known.find(value => wanted.includes(value.toLowerCase()));
  return otherSpellings[spelling] ?? found ?? 'otherGuest';
}
