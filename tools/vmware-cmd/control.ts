import type { DatastoreSummary, ManagedObjectReference } from '../../lib/vim/index.js';
import type { VimClient } from '../../lib/vim-client/index.js';
import { notRegistered, VmControlError } from './vm-control-error.js';

export type HostAgent = Pick<VimClient, 'content' | 'call' | 'read' | 'find' | 'waitForTask' | 'download'>;

/** A registered machine, by the path that it was named by. */
export interface ControlledVm {
  readonly vm: ManagedObjectReference;
  /** `/vmfs/volumes/<volume>/<folder>/<file>.vmx` */
  readonly path: string;
}

interface Volume {
  readonly label: string;
  /** `/vmfs/volumes/<volume>` */
  readonly folder: string;
}

const VM_PATH = 'summary.config.vmPathName';

/** What commands do with a host agent: machines by the paths of their .vmx files. */
export class Control {
  readonly agent: HostAgent;
  readonly #volumes: readonly Volume[];

  private constructor(agent: HostAgent, volumes: readonly Volume[]) {
    this.agent = agent;
    this.#volumes = volumes;
  }

  static async of(agent: HostAgent): Promise<Control> {
    const found = await agent.find('Datastore', ['summary']);
    const volumes = found.map(({ properties }) => {
      const { name, url } = properties.get('summary') as DatastoreSummary;
      return { label: name, folder: url.replace(/\/+$/, '') };
    });
    return new Control(agent, volumes);
  }

  /** Every registered machine, by vmid. */
  async vms(): Promise<ControlledVm[]> {
    const found = await this.agent.find('VirtualMachine', [VM_PATH]);
    return found
      .map(({ object, properties }) => ({ vm: object, path: this.filePath(String(properties.get(VM_PATH))) }))
      .sort((a, b) => Number(a.vm.value) - Number(b.vm.value));
  }

  /** @throws VmControlError when none is registered by this path */
  async vm(path: string): Promise<ControlledVm> {
    const wanted = this.filePath(this.datastorePath(path));
    const found = (await this.vms()).find(one => one.path === wanted);
    if (found === undefined) throw notRegistered(path);
    return found;
  }

  /** `[label] folder/file` of a path with a volume's label or name; what is neither stays as it is. */
  datastorePath(path: string): string {
    const match = /^\/vmfs\/volumes\/([^/]+)\/+(.+)$/.exec(path);
    if (match === null) return path;
    const [, name = '', rest = ''] = match;
    const volume = this.#volumes.find(one => one.label === name || one.folder.endsWith(`/${name}`));
    return `[${volume?.label ?? name}] ${rest}`;
  }

  /** `/vmfs/volumes/<volume>/folder/file` of a datastore path. */
  filePath(datastorePath: string): string {
    const [, label, rest = ''] = /^\[(.*?)\] *(.*)$/.exec(datastorePath) ?? [];
    if (label === undefined) return datastorePath;
    const volume = this.#volumes.find(one => one.label === label);
    return `${volume?.folder ?? `/vmfs/volumes/${label}`}/${rest}`;
  }

  /** The bytes of a machine's configuration file, as the host agent serves them. */
  configFile({ path }: ControlledVm): Promise<Uint8Array> {
    const [, label = '', rest = ''] = /^\[(.*?)\] *(.*)$/.exec(this.datastorePath(path)) ?? [];
    const file = rest.split('/').map(encodeURIComponent).join('/');
    const query = new URLSearchParams({ dcPath: 'ha-datacenter', dsName: label });
    return this.agent.download(`/folder/${file}?${query.toString()}`);
  }

  /** A property that is there. @throws VmControlError when it is unset */
  async property<T>(vm: ManagedObjectReference, path: string): Promise<T> {
    const value = (await this.agent.read(vm, [path])).get(path);
    if (value === undefined) throw new VmControlError(-999, `The host agent does not tell ${path}`);
    return value as T;
  }
}
