/**
 * The privileges of VI API 2.5 by group, with the labels that clients show. Those marked with ^ are asked on the
 * parent of the entity that the operation makes or takes in.
 */
const groups: Readonly<Record<string, string>> = {
  System: 'Anonymous=Anonymous|View=View|Read=Read',
  Global:
    'ManageCustomFields=Manage custom attributes|SetCustomField=Set custom attribute|LogEvent=Log event|' +
    'CancelTask=Cancel task|Licenses=Licenses|Diagnostics=Diagnostics|Settings=Settings|' +
    'VCServer=Act as VirtualCenter Server|CapacityPlanning=Capacity planning|ScriptAction=Script action|' +
    'Proxy=Proxy|DisableMethods=Disable methods|EnableMethods=Enable methods|' +
    'ServiceManagers=Access service managers|Health=Health|SystemTag=System tag|GlobalTag=Global tag',
  Folder: 'Create^=Create folder|Delete=Delete folder|Rename=Rename folder|Move=Move folder',
  Datacenter:
    'Create^=Create datacenter|Delete=Remove datacenter|Rename=Rename datacenter|Move=Move datacenter|' +
    'Reconfigure=Reconfigure datacenter|IpPoolConfig=IP pool configuration',
  Datastore:
    'Rename=Rename datastore|Move=Move datastore|Delete=Remove datastore|Browse=Browse datastore|' +
    'DeleteFile=Remove file|FileManagement=File management|AllocateSpace=Allocate space|' +
    'Config=Configure datastore|UpdateVirtualMachineFiles=Update virtual machine files',
  Network: 'Delete=Remove network|Move=Move network|Config=Configure network|Assign=Assign network',
  'Host.Inventory':
    'AddStandaloneHost^=Add standalone host|CreateCluster^=Create cluster|AddHostToCluster^=Add host to cluster|' +
    'RemoveHostFromCluster=Remove host|MoveCluster=Move cluster or standalone host|RenameCluster=Rename cluster|' +
    'DeleteCluster=Remove cluster|EditCluster=Modify cluster|MoveHost=Move host',
  'Host.Config':
    'Connection=Connection|Maintenance=Maintenance|Resources=System resources|AutoStart=Virtual machine autostart|' +
    'HyperThreading=Hyperthreading|Storage=Storage partition configuration|Network=Network configuration|' +
    'Memory=Memory configuration|NetService=Security profile and firewall|AdvancedConfig=Advanced settings|' +
    'SystemManagement=System management|Settings=Change settings|Snmp=Change SNMP settings|' +
    'DateTime=Change date and time settings|Patch=Query patch|Firmware=Firmware|Power=Power|Image=Image|' +
    'PciPassthru=Change PCI passthrough settings|AuthenticationStore=Configure authentication store',
  'Host.Local':
    'InstallAgent=Add host to VirtualCenter|ManageUserGroups=Manage user groups|' +
    'CreateVM=Create virtual machine|ReconfigVM=Reconfigure virtual machine|DeleteVM=Delete virtual machine',
  'Host.Cim': 'CimInteraction=CIM interaction',
  'VirtualMachine.Inventory':
    'Create^=Create|CreateFromExisting^=Create from existing|Register^=Register|Delete=Remove|' +
    'Unregister=Unregister|Move=Move',
  'VirtualMachine.Interact':
    'PowerOn=Power on|PowerOff=Power off|Suspend=Suspend|Reset=Reset|AnswerQuestion=Answer question|' +
    'ConsoleInteract=Console interaction|DeviceConnection=Device connection|SetCDMedia=Configure CD media|' +
    'SetFloppyMedia=Configure floppy media|ToolsInstall=VMware Tools install|' +
    'DefragmentAllDisks=Defragment all disks|CreateScreenshot=Create screenshot|Backup=Backup operation',
  'VirtualMachine.Config':
    'Rename=Rename|AddExistingDisk=Add existing disk|AddNewDisk=Add new disk|' +
    'RemoveDisk=Remove disk|RawDevice=Raw device|HostUSBDevice=Host USB device|CPUCount=Change CPU count|' +
    'Memory=Memory|AddRemoveDevice=Add or remove device|EditDevice=Modify device settings|Settings=Settings|' +
    'Resource=Change resource|UpgradeVirtualHardware=Upgrade virtual hardware|' +
    'ResetGuestInfo=Reset guest information|AdvancedConfig=Advanced|DiskLease=Disk lease|' +
    'SwapPlacement=Swapfile placement|DiskExtend=Extend virtual disk|ChangeTracking=Disk change tracking',
  'VirtualMachine.State':
    'CreateSnapshot=Create snapshot|RevertToSnapshot=Revert to snapshot|RemoveSnapshot=Remove snapshot|' +
    'RenameSnapshot=Rename snapshot',
  'VirtualMachine.Provisioning':
    'Customize=Customize|Clone=Clone virtual machine|PromoteDisks=Promote disks|CloneTemplate=Clone template|' +
    'DeployTemplate=Deploy template|CreateTemplateFromVM=Create template from virtual machine|' +
    'MarkAsTemplate=Mark as template|MarkAsVM=Mark as virtual machine|' +
    'ReadCustSpecs=Read customization specifications|ModifyCustSpecs=Modify customization specification|' +
    'DiskRandomAccess=Allow disk access|DiskRandomRead=Allow read-only disk access|' +
    'GetVmFiles=Allow virtual machine download|PutVmFiles=Allow virtual machine files upload',
  Resource:
    'AssignVMToPool=Assign virtual machine to resource pool|ApplyRecommendation=Apply recommendation|' +
    'CreatePool^=Create resource pool|RenamePool=Rename resource pool|EditPool=Modify resource pool|' +
    'MovePool=Move resource pool|DeletePool=Remove resource pool|HotMigrate=Migrate|ColdMigrate=Relocate|' +
    'QueryVMotion=Query VMotion',
  Alarm: 'Create=Create alarm|Delete=Remove alarm|Edit=Modify alarm',
  Task: 'Create=Create task|Update=Update task',
  ScheduledTask: 'Create=Create tasks|Delete=Remove task|Run=Run task|Edit=Modify task',
  Sessions:
    'ImpersonateUser=Impersonate user|ValidateSession=Validate session|' +
    'TerminateSession=View and stop sessions|GlobalMessage=Global message',
  Performance: 'ModifyIntervals=Modify intervals',
  Authorization:
    'ReassignRolePermissions=Reassign role permissions|ModifyRoles=Modify role|ModifyPermissions=Modify permission',
  Extension: 'Register=Register extension|Update=Update extension|Unregister=Unregister extension',
  VApp: 'Create^=Create|Import^=Import',
};

export interface Privilege {
  /** Such as VirtualMachine.Interact.PowerOn. */
  readonly id: string;
  readonly name: string;
  readonly group: string;
  readonly label: string;
  readonly onParent: boolean;
}

/** Every privilege there is, in the order of clients' lists. */
export function allPrivileges(): Privilege[] {
  return Object.entries(groups).flatMap(([group, members]) =>
    members.split('|').map(member => {
      const [marked = '', label = ''] = member.split('=');
      const name = marked.replace('^', '');
      return { id: `${group}.${name}`, name, group, label, onParent: marked.endsWith('^') };
    }),
  );
}

export function privilegeGroups(): string[] {
  return Object.keys(groups);
}
