import {
  type ApiVersion,
  CodecError,
  loadVimSchema,
  ManagedObjectReference,
  type Methods,
  type ObjectContent,
  readReply,
  type ServiceContent,
  type TaskInfo,
  typeNameOf,
  type UserSession,
  untyped,
  type VimSchema,
  writeRequest,
} from '../vim/index.js';
import { VimClientError, VimClientFault } from './errors.js';
import { waitForTask } from './task-wait.js';
import { type Endpoint, SoapTransport } from './transport.js';

/** What the product's own tools speak. */
const USUAL_VERSION: ApiVersion = '2.5';
const namespace = 'urn:vim25';
const serviceInstance = new ManagedObjectReference('ServiceInstance', 'ServiceInstance');

/** How a session asks. */
interface Speech {
  readonly transport: SoapTransport;
  readonly schema: VimSchema;
  readonly version: ApiVersion;
}

/** One session with a server. Calls may run side by side. */
export class VimClient {
  readonly content: ServiceContent;
  readonly #transport: SoapTransport;
  readonly #speech: Speech;
  #lastWait: Promise<unknown> = Promise.resolve();

  private constructor(speech: Speech, content: ServiceContent) {
    this.#speech = speech;
    this.#transport = speech.transport;
    this.content = content;
  }

  /** @param version of the API: what came later cannot be called. @throws VimClientError when no server answers there */
  static async open(endpoint: Endpoint, version: ApiVersion = USUAL_VERSION): Promise<VimClient> {
    const transport = new SoapTransport(endpoint);
    const speech = { transport, schema: loadVimSchema(), version };
    try {
      return new VimClient(speech, await invoke(speech, serviceInstance, 'RetrieveServiceContent', {}));
    } catch (error) {
      transport.close();
      throw error;
    }
  }

  /** @throws VimClientFault with the fault's type as its code */
  call<M extends keyof Methods>(
    target: ManagedObjectReference,
    method: M,
    args: Methods[M]['args'],
  ): Promise<Methods[M]['returns']> {
    return invoke(this.#speech, target, method, args);
  }

  /** @throws VimClientFault InvalidLogin */
  login(userName: string, password: string): Promise<UserSession> {
    return this.call(this.#sessionManager, 'Login', { userName, password });
  }

  async logout(): Promise<void> {
    await this.call(this.#sessionManager, 'Logout', {});
  }

  close(): void {
    this.#transport.close();
  }

  /** A file of the server by its path and query, with this session's rights. @throws VimClientError */
  download(path: string): Promise<Uint8Array> {
    return this.#transport.get(path);
  }

  /** Values of an object's properties by path; what is unset is missing. */
  async read(object: ManagedObjectReference, paths: readonly string[]): Promise<Map<string, unknown>> {
    const propSet = [{ type: object.type, all: false, pathSet: [...paths] }];
    const specSet = [{ propSet, objectSet: [{ obj: object, skip: false }] }];
    const [content] =
      (await this.call(this.content.propertyCollector, 'RetrieveProperties', { specSet })) ?? [];
    return propertiesOf(content);
  }

  /** All objects of a type in the inventory, with properties. */
  async find(
    type: string,
    paths: readonly string[],
  ): Promise<{ object: ManagedObjectReference; properties: Map<string, unknown> }[]> {
    const { viewManager, rootFolder, propertyCollector } = this.content;
    if (viewManager === undefined) return [];
    const args = { container: rootFolder, type: [type], recursive: true };
    const view = await this.call(viewManager, 'CreateContainerView', args);
    try {
      const selectSet = [{ _type: 'TraversalSpec', type: 'ContainerView', path: 'view', skip: false }];
      const propSet = [{ type, all: false, pathSet: [...paths] }];
      const specSet = [{ propSet, objectSet: [{ obj: view, skip: true, selectSet }] }];
      const found = (await this.call(propertyCollector, 'RetrieveProperties', { specSet })) ?? [];
      return found.map(content => ({ object: content.obj, properties: propertiesOf(content) }));
    } finally {
      await this.call(view, 'DestroyView', {});
    }
  }

  /** Waits until the task is over. @returns its end. @throws VimClientFault when it failed */
  waitForTask(task: ManagedObjectReference): Promise<TaskInfo> {
    // A session's collector serves one waiting call at a time.
    const waited = this.#lastWait.then(() => waitForTask(this, task));
    this.#lastWait = waited.catch(() => undefined);
    return waited;
  }

  get #sessionManager(): ManagedObjectReference {
    const { sessionManager } = this.content;
    if (sessionManager !== undefined) return sessionManager;
    throw new VimClientError('NotSoap', 'The server has no session manager');
  }
}

function propertiesOf(content: ObjectContent | undefined): Map<string, unknown> {
  return new Map((content?.propSet ?? []).map(({ name, val }) => [name, untyped(val)]));
}

async function invoke<M extends keyof Methods>(
  { transport, schema, version }: Speech,
  target: ManagedObjectReference,
  method: M,
  args: Methods[M]['args'],
): Promise<Methods[M]['returns']> {
  const body = writeRequest(schema, { method, namespace, version, target, args });
  const text = await transport.post(`${namespace}/${version}`, body);
  const reply = readChecked({ schema, version }, method, text);
  if (!('fault' in reply)) return reply.value as Methods[M]['returns'];
  const { message, detail } = reply.fault;
  throw new VimClientFault(typeNameOf(detail) ?? 'MethodFault', message, detail);
}

function readChecked(
  { schema, version }: Omit<Speech, 'transport'>,
  method: string,
  text: string,
): ReturnType<typeof readReply> {
  try {
    return readReply(schema, method, version, text);
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    throw new VimClientError('NotSoap', `The server's reply cannot be read: ${error.message}`);
  }
}
