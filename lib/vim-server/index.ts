/**
 * What every server of the VIM API has, a host's and VirtualCenter's: managed objects, property collectors, views,
 * sessions, tasks and the way of a SOAP request to its reply. It knows no host: what objects there are, who may log
 * in and which errors there can be is given to it.
 *
 * Layers, each using only those before it
 *   object/      managed objects, their classes, the registry that tells changes, faults
 *   authorization/   roles, permissions, and what each call and each property takes
 *   property/    collectors and filters: reading, selecting, following
 *   session/     sessions and what they own, logins, tickets
 *   history/     what is kept of the past, by number: reading it in pages, from memory or a given store
 *   event/       what happened: posted by whoever knows, kept, told on
 *   task/ view/  long operations; lists of objects
 *   soap/        requests to replies; HTTPS, the WSDL set
 *
 * Invariants: a change costs what it touches, never the size of the inventory; nothing polls; a call ends with its
 * value or with one typed fault; what a session owns ends with it.
 */

export type { Access } from './authorization/access.js';
export type {
  AccessTree,
  AuthorizationState,
  AuthorizationStore,
  CustomRole,
  PermissionEntry,
  Principals,
} from './authorization/access-control.js';
export { AccessControl } from './authorization/access-control.js';
export { AuthorizationManager, authorizationManagerClass } from './authorization/authorization-manager.js';
export type { MethodRules, Need } from './authorization/authorizer.js';
export { Authorizer } from './authorization/authorizer.js';
export { commonRules } from './authorization/common-rules.js';
export { PropertyPrivileges } from './authorization/property-privileges.js';
export type { EventCause, EventEntity, EventFields, EventTypeName } from './event/event-cause.js';
export type { EventCondition, EventRecord, EventStore } from './event/event-filter.js';
export { matchesEvent } from './event/event-filter.js';
export { eventHistoryCollectorClass } from './event/event-history-collector.js';
export type { EventPlace, EventPlaces } from './event/event-manager.js';
export { EventManager, eventManagerClass } from './event/event-manager.js';
export type { EntityCondition, UserCondition } from './history/entity-condition.js';
export type { HistoryRecord, HistoryStore, PageRequest } from './history/history-store.js';
export { MemoryHistoryStore, newestPlace, pageOf } from './history/history-store.js';
export type {
  CallContext,
  ManagedObject,
  MethodHandlers,
  ObjectClass,
  PropertyReader,
  ReadContext,
} from './object/managed-object.js';
export { defineClass } from './object/managed-object.js';
export type { ChangeFollower, ListChange, ObjectChange } from './object/object-registry.js';
export { ObjectRegistry } from './object/object-registry.js';
export {
  invalidArgument,
  invalidProperty,
  managedObjectNotFound,
  noPermission,
  notAuthenticated,
  notSupported,
  requestCanceled,
  VimFault,
  vimFault,
} from './object/vim-fault.js';
export { FairTurn } from './property/fair-turn.js';
export { commonMethods } from './property/fetch.js';
export { propertyCollectorClass } from './property/property-collector.js';
export { propertyFilterClass } from './property/property-filter.js';
export type { SelectionScope } from './property/selection.js';
export { LocalTickets } from './session/local-tickets.js';
export type { Session } from './session/session.js';
export type { LoginPolicy } from './session/session-manager.js';
export { SessionManager, sessionManagerClass } from './session/session-manager.js';
export type { SessionLimits } from './session/session-table.js';
export { defaultSessionLimits, SessionTable } from './session/session-table.js';
export { sessionCookieOf } from './soap/cookie.js';
export { DescriptionFiles } from './soap/description-files.js';
export { Dispatcher } from './soap/dispatcher.js';
export { drained } from './soap/drained.js';
export { SoapEndpoint } from './soap/soap-endpoint.js';
export { createRedirectServer, createSecureServer } from './soap/web-server.js';
export { Task, taskClass } from './task/task.js';
export type { TaskControl } from './task/task-control.js';
export { taskDescriptionId } from './task/task-description.js';
export type { TaskCondition, TaskRecord, TaskStore } from './task/task-filter.js';
export { matchesTask, userOf } from './task/task-filter.js';
export { taskHistoryCollectorClass } from './task/task-history-collector.js';
export type { TaskOutcome, TaskRequest, TaskResult, TaskWork } from './task/task-manager.js';
export { TaskManager, taskManagerClass } from './task/task-manager.js';
export { containerViewClass } from './view/container-view.js';
export { inventoryChildren, inventoryScope } from './view/inventory-tree.js';
export { inventoryViewClass } from './view/inventory-view.js';
export { listViewClass } from './view/list-view.js';
export { ViewManager, viewManagerClass } from './view/view-manager.js';
