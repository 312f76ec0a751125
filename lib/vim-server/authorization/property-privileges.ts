import type { VimSchema } from '../../vim/index.js';

/** Properties that need another privilege than System.Read, by the type that declares them. */
const table: Readonly<Record<string, string>> = {
  'System.Anonymous':
    'ServiceInstance.content SessionManager.currentSession SessionManager.messageLocaleList ' +
    'SessionManager.supportedLocaleList SessionManager.defaultLocale',
  'System.View':
    'Alarm.info AlarmManager.defaultExpression AlarmManager.description AuthorizationManager.privilegeList ' +
    'AuthorizationManager.roleList AuthorizationManager.description ComputeResource.resourcePool ' +
    'ComputeResource.host ComputeResource.datastore ComputeResource.network ' +
    'ComputeResource.environmentBrowser CustomFieldsManager.field CustomizationSpecManager.encryptionKey ' +
    'Datacenter.vmFolder Datacenter.hostFolder Datacenter.datastoreFolder Datacenter.networkFolder ' +
    'EnvironmentBrowser.datastoreBrowser EventManager.description EventManager.latestEvent ' +
    'EventManager.maxCollector ExtensibleManagedObject.value ExtensibleManagedObject.availableField ' +
    'ExtensionManager.extensionList Folder.childType Folder.childEntity HostDatastoreBrowser.datastore ' +
    'HostDatastoreSystem.datastore HostSystem.datastore HostSystem.network HostSystem.datastoreBrowser ' +
    'ManagedEntity.parent ManagedEntity.customValue ManagedEntity.effectiveRole ManagedEntity.name ' +
    'ManagedEntity.declaredAlarmState ManagedEntity.triggeredAlarmState PerformanceManager.description ' +
    'PerformanceManager.historicalInterval PerformanceManager.perfCounter PropertyCollector.filter ' +
    'ResourcePool.owner ResourcePool.resourcePool ResourcePool.vm ScheduledTaskManager.scheduledTask ' +
    'ScheduledTaskManager.description ServiceInstance.serverClock ServiceInstance.capability ' +
    'SessionManager.message TaskManager.recentTask TaskManager.description TaskManager.maxCollector ' +
    'UserDirectory.domainList ViewManager.viewList VirtualMachine.datastore VirtualMachine.network',
  'Sessions.TerminateSession': 'SessionManager.sessionList',
  'Global.Settings': 'HostSnmpSystem.configuration HostSnmpSystem.limits',
  'Global.ServiceManagers': 'ServiceManager.service',
  'VirtualMachine.Provisioning.ReadCustSpecs': 'CustomizationSpecManager.info',
};

/** Which privilege it takes to read a property of a managed type (API 2.5; System.Read where it says nothing). */
export class PropertyPrivileges {
  readonly #schema: VimSchema;
  readonly #declared: ReadonlyMap<string, string>;

  constructor(schema: VimSchema) {
    this.#schema = schema;
    const entries = Object.entries(table).flatMap(([privilege, properties]) =>
      properties.split(' ').map((property): [string, string] => [property, privilege]),
    );
    this.#declared = new Map(entries);
  }

  of(typeName: string, property: string): string {
    for (let at: string | undefined = typeName; at !== undefined; at = this.#schema.baseOf(at)) {
      const found = this.#declared.get(`${at}.${property}`);
      if (found !== undefined) return found;
    }
    return 'System.Read';
  }
}
