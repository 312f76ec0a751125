import type {
  AboutInfo,
  HostVMotionCompatibility,
  ManagedObjectReference,
  ServiceContent,
} from '../../../lib/vim/index.js';
import {
  defineClass,
  invalidArgument,
  type ManagedObject,
  managedObjectNotFound,
  type ObjectClass,
} from '../../../lib/vim-server/index.js';
import { moids } from './moids.js';

/** The door to everything else. */
export class ServiceInstance implements ManagedObject {
  readonly ref = moids.serviceInstance;
  readonly objectClass: ObjectClass = serviceInstanceClass;
  readonly about: AboutInfo;

  constructor(about: AboutInfo) {
    this.about = about;
  }

  /** What ESX Server 3.5 has; the managers of VirtualCenter are not there. */
  content(): ServiceContent {
    return {
      rootFolder: moids.rootFolder,
      propertyCollector: moids.propertyCollector,
      viewManager: moids.viewManager,
      about: this.about,
      setting: moids.setting,
      userDirectory: moids.userDirectory,
      sessionManager: moids.sessionManager,
      authorizationManager: moids.authorizationManager,
      perfManager: moids.perfManager,
      eventManager: moids.eventManager,
      taskManager: moids.taskManager,
      accountManager: moids.accountManager,
      diagnosticManager: moids.diagnosticManager,
      licenseManager: moids.licenseManager,
      searchIndex: moids.searchIndex,
      fileManager: moids.fileManager,
      virtualDiskManager: moids.virtualDiskManager,
    };
  }
}

export const serviceInstanceClass: ObjectClass = defineClass<'ServiceInstance', ServiceInstance>(
  'ServiceInstance',
  {
    properties: {
      serverClock: () => new Date(),
      capability: () => ({
        provisioningSupported: false,
        multiHostSupported: false,
        userShellAccessSupported: true,
      }),
      content: instance => instance.content(),
    },
    methods: {
      CurrentTime: () => new Date(),
      RetrieveServiceContent: instance => instance.content(),
      RetrieveProductComponents: ({ about }) => [
        { id: about.productLineId, name: about.name, version: about.version, release: Number(about.build) },
      ],
      QueryVMotionCompatibility: (_, { vm, host, compatibility }) => {
        return host.map(one => vmotionCompatibility(vm, one, compatibility));
      },
    },
  },
);

/** The host's own processors suit its machines; the software that VMotion takes is not there. */
function vmotionCompatibility(
  vm: ManagedObjectReference,
  host: ManagedObjectReference,
  asked: readonly string[] = ['cpu', 'software'],
): HostVMotionCompatibility {
  if (host.value !== moids.host.value) throw managedObjectNotFound(host);
  if (vm.type !== 'VirtualMachine') throw invalidArgument('vm');
  return { host, compatibility: asked.includes('cpu') ? ['cpu'] : [] };
}
