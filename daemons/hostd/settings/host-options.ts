import { type ApiVersion, apiVersions } from '../../../lib/vim/index.js';

/** An option that clients may read and change. Its value is one of `choices`. */
export interface HostOption {
  readonly key: string;
  readonly label: string;
  readonly summary: string;
  readonly choices: readonly string[];
  readonly defaultValue: string;
}

export const advertisedVersionKey = 'Config.HostAgent.soap.advertisedVersion';
export const logLevelKey = 'Config.HostAgent.log.level';

/** Levels by the product's names. */
export const logLevels: Readonly<Record<string, string>> = {
  trivia: 'trace',
  verbose: 'debug',
  info: 'info',
  warning: 'warn',
  error: 'error',
};

/** Every version that the schema has a namespace for, and that clients can be told of. */
const advertised: readonly ApiVersion[] = apiVersions.filter(version => /^\d+\.\d+$/.test(version));

/** @param newestVersion what is advertised unless somebody changes it */
export function hostOptions(newestVersion: ApiVersion): HostOption[] {
  return [
    {
      key: advertisedVersionKey,
      label: 'Advertised API version',
      summary: 'The newest version of the API in vimServiceVersions.xml',
      choices: advertised,
      defaultValue: newestVersion,
    },
    {
      key: logLevelKey,
      label: 'Log level',
      summary: 'What the host agent writes to its log',
      choices: Object.keys(logLevels),
      defaultValue: 'info',
    },
  ];
}
