const logs = /^vmware(-\d+)?\.log$/;

const types: readonly (readonly [RegExp, string])[] = [
  [/^\.vmx$/i, 'config'],
  [/^\.vmx\.lck$/i, 'lock'],
  [/^\.vmxf$/i, 'extendedConfig'],
  [/^\.vmsd$/i, 'snapshotList'],
  [/^\.nvram$/i, 'nvram'],
  [/^\.vmss$/i, 'suspend'],
  [/^(-[0-9a-f]{8})?\.vswp$/i, 'swap'],
  [/^-Snapshot\d+\.vmsn$/i, 'snapshotData'],
];

export function isLog(name: string): boolean {
  return logs.test(name);
}

/**
 * What a file beside a configuration file is to the machine, by its name; undefined when it is not of the machine.
 * Disks are known by the configuration alone.
 * @param baseName of the configuration file, without `.vmx`
 */
export function machineFileType(name: string, baseName: string): string | undefined {
  if (isLog(name)) return 'log';
  if (!name.startsWith(baseName)) return undefined;
  const rest = name.slice(baseName.length);
  return types.find(([form]) => form.test(rest))?.[1];
}
