import type { EventCategory } from '../../vim/index.js';
import type { EventTypeName } from './event-cause.js';

/** What an event says, with the places of its fields: `{vm.name}`. */
const formats: { readonly [N in EventTypeName]?: string } = {
  AccountCreatedEvent: 'Account {spec.id} was added',
  AccountRemovedEvent: 'Account {account} was deleted',
  AccountUpdatedEvent: 'Account {spec.id} was changed',
  AlreadyAuthenticatedSessionEvent: 'The session is already that of a user',
  BadUsernameSessionEvent: 'Refused login of {userName} from {ipAddress}: wrong user name or password',
  DatastoreDestroyedEvent: 'Datastore {datastore.name} was deleted',
  DatastoreDiscoveredEvent: 'Found datastore {datastore.name}',
  DatastoreRemovedOnHostEvent: 'Datastore {datastore.name} is gone from {host.name}',
  DatastoreRenamedEvent: 'Datastore {oldName} is now called {newName}',
  DatastoreRenamedOnHostEvent: 'Datastore {oldName} is now called {newName} on {host.name}',
  EnteredMaintenanceModeEvent: '{host.name} is in maintenance mode',
  EnteringMaintenanceModeEvent: '{host.name} is going into maintenance mode',
  EventEx: '{message}',
  ExitMaintenanceModeEvent: '{host.name} has left maintenance mode',
  ExtendedEvent: '{message}',
  GeneralEvent: '{message}',
  GeneralHostErrorEvent: 'Error on {host.name}: {message}',
  GeneralHostInfoEvent: 'Note of {host.name}: {message}',
  GeneralHostWarningEvent: 'Warning of {host.name}: {message}',
  GeneralUserEvent: '{userName} notes: {message}',
  GeneralVmErrorEvent: 'Error of {vm.name}: {message}',
  GeneralVmInfoEvent: 'Note of {vm.name}: {message}',
  GeneralVmWarningEvent: 'Warning of {vm.name}: {message}',
  GlobalMessageChangedEvent: 'The message to all users is now: {message}',
  HostConnectedEvent: '{host.name} has a VMkernel to work with',
  HostConnectionLostEvent: '{host.name} has lost its VMkernel',
  HostShutdownEvent: '{host.name} is shutting down: {reason}',
  LocalDatastoreCreatedEvent: 'Made local datastore {datastore.name} on {host.name}',
  NASDatastoreCreatedEvent: 'Made NAS datastore {datastore.name} on {host.name}',
  NoAccessUserEvent: 'Refused login of {userName} from {ipAddress}: the user has no permission here',
  NotEnoughResourcesToStartVmEvent: 'There is too little left on {host.name} to start {vm.name}',
  PermissionAddedEvent: '{principal} was given role {role.name} on {entity.name} (propagates: {propagate})',
  PermissionRemovedEvent: 'The permission of {principal} on {entity.name} was taken away',
  PermissionUpdatedEvent: '{principal} now has role {role.name} on {entity.name} (propagates: {propagate})',
  ResourcePoolCreatedEvent: 'Resource pool {resourcePool.name} was made in {parent.name}',
  ResourcePoolDestroyedEvent: 'Resource pool {resourcePool.name} was removed',
  ResourcePoolMovedEvent: 'Resource pool {resourcePool.name} moved from {oldParent.name} to {newParent.name}',
  ResourcePoolReconfiguredEvent: 'Resource pool {resourcePool.name} has new settings',
  RoleAddedEvent: 'Role {role.name} was added',
  RoleRemovedEvent: 'Role {role.name} was removed',
  RoleUpdatedEvent: 'Role {role.name} was changed',
  ServerStartedSessionEvent: 'The management server has started',
  SessionTerminatedEvent: 'The session {sessionId} of {terminatedUsername} was ended by {userName}',
  TaskEvent: 'Task: {info.name} on {info.entityName}',
  TaskTimeoutEvent: 'Task {info.descriptionId} on {info.entityName} took too long',
  UserAssignedToGroup: 'User {userLogin} is now in group {group}',
  UserLoginSessionEvent: '{userName} logged in from {ipAddress}',
  UserLogoutSessionEvent: '{userName} logged out',
  UserPasswordChanged: 'The password of {userLogin} was changed',
  UserUnassignedFromGroup: 'User {userLogin} is no longer in group {group}',
  VMFSDatastoreCreatedEvent: 'Made VMFS datastore {datastore.name} on {host.name}',
  VmAcquiredMksTicketEvent: 'A ticket for the console of {vm.name} was issued',
  VmAutoRenameEvent: '{oldName} is now called {newName}, because its name was taken',
  VmBeingCreatedEvent: '{vm.name} is being created',
  VmConfigMissingEvent: 'The configuration file of {vm.name} cannot be found',
  VmConnectedEvent: '{vm.name} can be managed',
  VmCreatedEvent: '{vm.name} was created',
  VmDisconnectedEvent: '{vm.name} cannot be reached',
  VmDiscoveredEvent: 'Found {vm.name}',
  VmDiskFailedEvent: 'Disk {disk} of {vm.name} could not be made: {reason.localizedMessage}',
  VmFailedToPowerOffEvent: '{vm.name} could not be powered off: {reason.localizedMessage}',
  VmFailedToPowerOnEvent: '{vm.name} could not be powered on: {reason.localizedMessage}',
  VmFailedToRebootGuestEvent: 'The guest of {vm.name} could not be restarted: {reason.localizedMessage}',
  VmFailedToResetEvent: '{vm.name} could not be reset: {reason.localizedMessage}',
  VmFailedToShutdownGuestEvent: 'The guest of {vm.name} could not be shut down: {reason.localizedMessage}',
  VmFailedToStandbyGuestEvent: 'The guest of {vm.name} could not be put to sleep: {reason.localizedMessage}',
  VmFailedToSuspendEvent: '{vm.name} could not be suspended: {reason.localizedMessage}',
  VmGuestRebootEvent: 'The guest of {vm.name} is restarting',
  VmGuestShutdownEvent: 'The guest of {vm.name} is shutting down',
  VmGuestStandbyEvent: 'The guest of {vm.name} is going to sleep',
  VmMacAssignedEvent: '{adapter} of {vm.name} was given MAC address {mac}',
  VmMacChangedEvent: 'The MAC address of {adapter} of {vm.name} changed from {oldMac} to {mac}',
  VmMessageEvent: '{vm.name} says: {message}',
  VmPoweredOffEvent: '{vm.name} is off',
  VmPoweredOnEvent: '{vm.name} is on',
  VmReconfiguredEvent: '{vm.name} was reconfigured',
  VmRegisteredEvent: '{vm.name} was registered',
  VmRemovedEvent: '{vm.name} was removed from the inventory',
  VmRenamedEvent: '{oldName} is now called {newName}',
  VmResettingEvent: '{vm.name} is being reset',
  VmResourcePoolMovedEvent: '{vm.name} moved from resource pool {oldParent.name} to {newParent.name}',
  VmResourceReallocatedEvent: '{vm.name} has other resources',
  VmResumingEvent: '{vm.name} is resuming',
  VmStartingEvent: '{vm.name} is starting',
  VmStoppingEvent: '{vm.name} is stopping',
  VmSuspendedEvent: '{vm.name} is suspended',
  VmSuspendingEvent: '{vm.name} is being suspended',
  VmUnsupportedStartingEvent: '{vm.name} is starting with the unsupported guest {guestId}',
  VmUuidAssignedEvent: '{vm.name} was given UUID {uuid}',
  VmUuidChangedEvent: 'The UUID of {vm.name} changed from {oldUuid} to {newUuid}',
  VmUuidConflictEvent: '{vm.name} has the UUID of {conflictedVm.name}: {uuid}',
};

/** The format of an event's text. Types without one of their own say their name: what they tell is in their fields. */
export function formatOf(type: string): string {
  return (
    formats[type as EventTypeName] ?? type.replace(/Event(Ex)?$/, '').replace(/(?<=[a-z0-9])(?=[A-Z])/g, ' ')
  );
}

/** Whether the event is good, doubtful or bad news, or a user's own. */
export function categoryOf(type: string): EventCategory {
  if (type === 'GeneralUserEvent') return 'user';
  if (/^(BadUsername|NoAccessUser)|Warning|Conflict|Violated|Missing|Duplicate/.test(type)) return 'warning';
  if (/Error|Failed|Failure|Lost|Orphaned|Expired|NotEnough|DisconnectedEvent$/.test(type)) return 'error';
  return 'info';
}

/** The text of an event: each place of its format filled from the event's fields, empty when there is none. */
export function formatMessage(type: string, event: object): string {
  return formatOf(type).replace(/\{([\w.]+)\}/g, (_, path: string) => textAt(event, path.split('.')));
}

function textAt(value: unknown, path: readonly string[]): string {
  const [field, ...rest] = path;
  if (field === undefined) return value === undefined || value === null ? '' : String(value);
  if (typeof value !== 'object' || value === null) return '';
  return textAt(Object.hasOwn(value, field) ? Reflect.get(value, field) : undefined, rest);
}
