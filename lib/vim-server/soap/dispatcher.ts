import {
  type ApiVersion,
  CodecError,
  type ManagedObjectReference,
  type MethodDefinition,
  negotiateVersion,
  type RawRequest,
  readArguments,
  readRequest,
  type VimNamespace,
  type VimSchema,
  versionIndex,
  writeFault,
  writeResponse,
} from '../../vim/index.js';
import type { Authorizer } from '../authorization/authorizer.js';
import type { CallContext, ManagedObject } from '../object/managed-object.js';
import {
  managedObjectNotFound,
  notAuthenticated,
  notSupported,
  type VimFault,
  vimFault,
} from '../object/vim-fault.js';
import { commonMethods } from '../property/fetch.js';
import type { Session } from '../session/session.js';
import type { SessionTable } from '../session/session-table.js';
import { codecFault } from './codec-fault.js';

export interface SoapCall {
  readonly body: string;
  readonly soapAction: string | undefined;
  readonly cookie: string | undefined;
  readonly remoteAddress: string;
  readonly userAgent: string;
  readonly signal: AbortSignal;
}

export interface SoapAnswer {
  readonly status: 200 | 500;
  readonly body: string;
  /** A session that the call began: its cookie belongs in the reply. */
  readonly newSession: Session | undefined;
}

export interface DispatcherDependencies {
  readonly schema: VimSchema;
  readonly sessions: SessionTable;
  readonly authorizer: Authorizer;
  /** How an error that is no VimFault is told to clients; it logs what nobody expected. */
  toFault(error: unknown): VimFault;
}

/** One SOAP request to one reply: who asks, of which object, which method, with what, and how it went. */
export class Dispatcher {
  readonly #schema: VimSchema;
  readonly #sessions: SessionTable;
  readonly #authorizer: Authorizer;
  readonly #toFault: (error: unknown) => VimFault;

  constructor(dependencies: DispatcherDependencies) {
    this.#schema = dependencies.schema;
    this.#sessions = dependencies.sessions;
    this.#authorizer = dependencies.authorizer;
    this.#toFault = dependencies.toFault;
  }

  hasSession(key: string | undefined): boolean {
    return this.#sessions.find(key) !== undefined;
  }

  async handle(call: SoapCall): Promise<SoapAnswer> {
    let request: RawRequest;
    try {
      request = readRequest(call.body);
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      const reply = { namespace: 'urn:vim25', version: '2.5' } as const;
      return this.#fault(codecFault(error), 'ClientFaultCode', reply);
    }
    const reply = {
      namespace: request.namespace,
      version: negotiateVersion(call.soapAction, request.namespace),
    };
    try {
      return await this.#invoke(request, reply, call);
    } catch (error) {
      const fault = error instanceof CodecError ? codecFault(error) : this.#toFault(error);
      return this.#fault(fault, 'ServerFaultCode', reply);
    }
  }

  async #invoke(
    request: RawRequest,
    reply: { namespace: VimNamespace; version: ApiVersion },
    call: SoapCall,
  ): Promise<SoapAnswer> {
    const session = this.#sessions.find(call.cookie) ?? this.#sessions.anonymous;
    session.touch();
    const method = this.#schema.method(request.method);
    if (method === undefined) throw methodNotFound(request);
    if (session.isAnonymous && method.privilege !== 'System.Anonymous') {
      throw notAuthenticated(request.target, method.privilege ?? 'System.View');
    }
    const object = findTarget(session, request.target);
    this.#checkMethod(object, method, request, reply.version);
    this.#authorizer.checkTarget(session, object, method);
    const args = readArguments(this.#schema, request, reply.version);
    this.#authorizer.checkArguments(session, object, { method, args });
    const handler = object.objectClass.methods.get(method.name) ?? commonMethods.get(method.name);
    if (handler === undefined) throw notSupported();
    let newSession: Session | undefined;
    const context: CallContext = {
      session,
      version: reply.version,
      get signal() {
        return call.signal;
      },
      remoteAddress: call.remoteAddress,
      userAgent: call.userAgent,
      setSession: begun => {
        newSession = begun;
      },
    };
    const value = await handler(object, args, context);
    return { status: 200, body: this.#encode(method, reply, value), newSession };
  }

  #checkMethod(
    object: ManagedObject,
    method: MethodDefinition,
    request: RawRequest,
    version: ApiVersion,
  ): void {
    const isOfType = this.#schema.isA(object.objectClass.typeName, method.on);
    if (!isOfType || method.since > versionIndex(version)) throw methodNotFound(request);
  }

  /** A value of ours that cannot be written is our defect, not the client's. */
  #encode(
    method: MethodDefinition,
    reply: { namespace: VimNamespace; version: ApiVersion },
    value: unknown,
  ): string {
    try {
      return writeResponse(this.#schema, { ...reply, method: method.name, value });
    } catch (error) {
      if (error instanceof CodecError)
        throw new Error(`reply of ${method.name}: ${error.message}`, { cause: error });
      throw error;
    }
  }

  #fault(
    fault: VimFault,
    code: 'ServerFaultCode' | 'ClientFaultCode',
    reply: { namespace: VimNamespace; version: ApiVersion },
  ): SoapAnswer {
    const { detail, message } = fault;
    return {
      status: 500,
      body: writeFault(this.#schema, { code, message, detail }, reply),
      newSession: undefined,
    };
  }
}

/** Whether an object is there is told only to those who are logged in. */
function findTarget(session: Session, target: ManagedObjectReference): ManagedObject {
  const object = session.find(target.value);
  if (object !== undefined) return object;
  throw session.isAnonymous ? notAuthenticated(target, 'System.View') : managedObjectNotFound(target);
}

function methodNotFound(request: RawRequest): VimFault {
  const fields = { receiver: request.target, method: request.method.slice(0, 200) };
  return vimFault('MethodNotFound', fields, 'The method was not found.');
}
