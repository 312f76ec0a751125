import type { ServiceAction, ServiceName } from '../../../../kernel/abi/index.js';
import type { HostServiceInfo } from '../../../../lib/vim/index.js';
import {
  defineClass,
  type ManagedObject,
  notSupported,
  type ObjectClass,
  type ObjectRegistry,
  vimFault,
} from '../../../../lib/vim-server/index.js';
import type { ConsoleService, ConsoleServices } from '../../console/console-services.js';
import { moids } from '../moids.js';

export interface HostServiceDependencies {
  readonly registry: ObjectRegistry;
  readonly services: ConsoleServices;
  /** What init does by the VMkernel's call. */
  act(service: ServiceName, action: ServiceAction): Promise<unknown>;
  onError(error: unknown): void;
}

/** hostd's answer goes out before hostd does. */
const ANSWER_MS = 300;

/** The service console's daemons. init keeps them running, and starts and stops them as the VMkernel is asked. */
export class HostServiceSystem implements ManagedObject {
  readonly ref = moids.serviceSystem;
  readonly objectClass: ObjectClass = hostServiceSystemClass;
  readonly registry: ObjectRegistry;
  readonly #dependencies: HostServiceDependencies;

  constructor(dependencies: HostServiceDependencies) {
    this.registry = dependencies.registry;
    this.#dependencies = dependencies;
  }

  /** @throws VimFault NotFound; InvalidState to stop what the host cannot be managed without */
  async change(id: string, action: 'start' | 'stop' | 'restart'): Promise<void> {
    const service = this.#find(id);
    if (service.daemon === 'hostd') this.#changeHostd(action);
    else await this.#dependencies.act(service.daemon, action);
    this.registry.changed(this, 'serviceInfo');
  }

  /** Every service starts with the host. @throws VimFault NotFound, NotSupported for another policy */
  updatePolicy(id: string, policy: string): void {
    this.#find(id);
    if (policy !== 'on') throw notSupported();
  }

  #changeHostd(action: 'start' | 'stop' | 'restart'): void {
    const { act, onError } = this.#dependencies;
    if (action === 'stop') throw vimFault('InvalidState', {}, 'The host cannot be managed without it.');
    if (action === 'restart')
      setTimeout(() => void act('hostd', 'restart').catch(onError), ANSWER_MS).unref();
  }

  #find(id: string): ConsoleService {
    const found = this.#dependencies.services.list().find(({ key }) => key === id);
    if (found === undefined) throw vimFault('NotFound', {}, `There is no service ${id}.`);
    return found;
  }

  serviceInfo(): HostServiceInfo {
    return {
      service: this.#dependencies.services.list().map(({ key, label, required, running }) => ({
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
    methods: {
      RefreshServices: system => system.registry.changed(system, 'serviceInfo'),
      StartService: (system, { id }) => system.change(id, 'start'),
      StopService: (system, { id }) => system.change(id, 'stop'),
      RestartService: (system, { id }) => system.change(id, 'restart'),
      UpdateServicePolicy: (system, { id, policy }) => system.updatePolicy(id, policy),
    },
  },
);
