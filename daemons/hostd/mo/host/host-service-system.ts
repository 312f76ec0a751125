import type { HostServiceInfo } from '../../../../lib/vim/index.js';
import {
  defineClass,
  type ManagedObject,
  type ObjectClass,
  type ObjectRegistry,
} from '../../../../lib/vim-server/index.js';
import type { ConsoleServices } from '../../console/console-services.js';
import { moids } from '../moids.js';

/** The service console's daemons. init keeps them running; nobody else starts or stops one. */
export class HostServiceSystem implements ManagedObject {
  readonly ref = moids.serviceSystem;
  readonly objectClass: ObjectClass = hostServiceSystemClass;
  readonly registry: ObjectRegistry;
  readonly #services: ConsoleServices;

  constructor(dependencies: { readonly registry: ObjectRegistry; readonly services: ConsoleServices }) {
    this.registry = dependencies.registry;
    this.#services = dependencies.services;
  }

  serviceInfo(): HostServiceInfo {
    return {
      service: this.#services.list().map(({ key, label, required, running }) => ({
        key,
        label,
        required,
        uninstallable: false,
        running,
        ruleset: [],
        policy: 'on',
      })),
    };
  }
}

export const hostServiceSystemClass: ObjectClass = defineClass<'HostServiceSystem', HostServiceSystem>(
  'HostServiceSystem',
  {
    properties: { serviceInfo: system => system.serviceInfo() },
    methods: { RefreshServices: system => system.registry.changed(system, 'serviceInfo') },
  },
);
