import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { apiVersions, loadVimSchema, type VimSchema } from '../../lib/vim/index.js';
import {
  authorizationManagerClass,
  commonMethods,
  containerViewClass,
  eventHistoryCollectorClass,
  eventManagerClass,
  inventoryViewClass,
  listViewClass,
  type ObjectClass,
  propertyCollectorClass,
  propertyFilterClass,
  sessionManagerClass,
  taskClass,
  taskHistoryCollectorClass,
  taskManagerClass,
  viewManagerClass,
} from '../../lib/vim-server/index.js';
import { computeResourceClass } from './mo/compute-resource.js';
import { datacenterClass } from './mo/datacenter.js';
import { datastoreClass } from './mo/datastore.js';
import { folderClass } from './mo/folder.js';
import { diagnosticManagerClass } from './mo/host/diagnostic-manager.js';
import { hostAutoStartManagerClass } from './mo/host/host-auto-start-manager.js';
import { hostCpuSchedulerSystemClass } from './mo/host/host-cpu-scheduler-system.js';
import { hostDateTimeSystemClass } from './mo/host/host-date-time-system.js';
import { hostDiagnosticSystemClass } from './mo/host/host-diagnostic-system.js';
import { hostFirewallSystemClass } from './mo/host/host-firewall-system.js';
import { hostHealthStatusSystemClass } from './mo/host/host-health-status-system.js';
import { hostMemorySystemClass } from './mo/host/host-memory-system.js';
import { hostNetworkSystemClass } from './mo/host/host-network-system.js';
import { hostServiceSystemClass } from './mo/host/host-service-system.js';
import { hostStorageSystemClass } from './mo/host/host-storage-system.js';
import { hostSystemClass } from './mo/host/host-system.js';
import { licenseManagerClass } from './mo/host/license-manager.js';
import { optionManagerClass } from './mo/host/option-manager.js';
import { hostDatastoreSystemClass } from './mo/host-datastore-system.js';
import { accountManagerClass } from './mo/host-local-account-manager.js';
import { performanceManagerClass } from './mo/performance-manager.js';
import { resourcePoolClass } from './mo/resource-pool.js';
import { searchIndexClass } from './mo/search-index.js';
import { serviceInstanceClass } from './mo/service-instance.js';
import { userDirectoryClass } from './mo/user-directory.js';
import { virtualMachineClass } from './mo/virtual-machine.js';

const builtClasses: readonly ObjectClass[] = [
  accountManagerClass,
  authorizationManagerClass,
  userDirectoryClass,
  computeResourceClass,
  containerViewClass,
  datacenterClass,
  datastoreClass,
  eventHistoryCollectorClass,
  eventManagerClass,
  folderClass,
  diagnosticManagerClass,
  hostAutoStartManagerClass,
  licenseManagerClass,
  optionManagerClass,
  hostCpuSchedulerSystemClass,
  hostDatastoreSystemClass,
  hostDateTimeSystemClass,
  hostDiagnosticSystemClass,
  hostFirewallSystemClass,
  hostHealthStatusSystemClass,
  hostMemorySystemClass,
  hostNetworkSystemClass,
  hostServiceSystemClass,
  hostStorageSystemClass,
  hostSystemClass,
  inventoryViewClass,
  listViewClass,
  performanceManagerClass,
  propertyCollectorClass,
  propertyFilterClass,
  resourcePoolClass,
  searchIndexClass,
  serviceInstanceClass,
  sessionManagerClass,
  taskClass,
  taskHistoryCollectorClass,
  taskManagerClass,
  viewManagerClass,
  virtualMachineClass,
];

/** Which methods and properties of the API are built: docs/vim-coverage.md. */
function coverageTable(schema: VimSchema): string {
  const classes = new Map<string, ObjectClass>(builtClasses.map(one => [one.typeName, one]));
  const methods = schema
    .methodNames()
    .map(name => schema.method(name))
    .filter(method => method !== undefined);
  const rows = methods.map(method => {
    const builtOn = builtClasses.filter(one => one.methods.has(method.name)).map(one => one.typeName);
    if (commonMethods.has(method.name)) builtOn.push('ManagedObject');
    const state = builtOn.length > 0 ? `built (${builtOn.join(', ')})` : 'NotSupported';
    return `| ${method.on} | ${method.name} | ${apiVersions[method.since] ?? ''} | ${state} |`;
  });
  const built = rows.filter(row => row.includes('| built')).length;
  const properties = [...classes.values()].map(one => {
    const names = schema.fields(one.typeName).map(field => field.name);
    const missing = names.filter(name => !one.properties.has(name));
    return `| ${one.typeName} | ${names.length - missing.length} of ${names.length} | ${missing.join(', ')} |`;
  });
  return [
    '# VIM API: what is built\n',
    'Made by `node dist/daemons/hostd/coverage.js` from the schema and the classes that hostd registers. What is',
    'not built answers NotSupported; an optional property that is not built is unset.\n',
    `${built} of ${rows.length} methods.\n`,
    '| Object | Properties built | Not built |\n|---|---|---|',
    ...properties,
    '\n| Object | Method | Since | State |\n|---|---|---|---|',
    ...rows.sort(),
    '',
  ].join('\n');
}

/** Writes the table, or with --check says whether it is stale and returns 1. */
function main(args: readonly string[]): number {
  const folder = fileURLToPath(new URL('../../../docs/', import.meta.url));
  const path = `${folder}vim-coverage.md`;
  const table = coverageTable(loadVimSchema());
  if (existsSync(path) && readFileSync(path, 'utf8') === table) return 0;
  if (args.includes('--check')) {
    process.stderr.write('docs/vim-coverage.md is stale: run node dist/daemons/hostd/coverage.js\n');
    return 1;
  }
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, table);
  return 0;
}

process.exitCode = main(process.argv.slice(2));
