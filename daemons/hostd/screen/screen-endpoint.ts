import type { IncomingMessage, ServerResponse } from 'node:http';
import { VmkernelError } from '../../../kernel/abi/index.js';
import type { HttpCallers } from '../access/index.js';
import type { VirtualMachine } from '../mo/virtual-machine.js';
import { MAX_SIDE, type Picture, toPng, type View } from './picture.js';

export interface ScreenDependencies {
  readonly callers: HttpCallers;
  machine(moid: string): VirtualMachine | undefined;
  /** @throws VmkernelError */
  picture(vmxPath: string): Promise<Picture>;
  /** Anything else than what a request may end with. */
  onError(error: unknown): void;
}

const PRIVILEGE = 'VirtualMachine.Interact.CreateScreenshot';
/** Names of the query, as the product takes them and as they are often shortened. */
const NAMES = {
  left: ['left'],
  top: ['top'],
  right: ['right'],
  bottom: ['bottom'],
  width: ['width', 'w'],
  height: ['height', 'h'],
} as const;

/**
 * What a machine shows, as PNG: GET /screen?id=<moid>, with left, top, right, bottom a part of it, with width and
 * height (w, h) brought to a size.
 */
export class ScreenEndpoint {
  readonly #dependencies: ScreenDependencies;

  constructor(dependencies: ScreenDependencies) {
    this.#dependencies = dependencies;
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const caller = await this.#dependencies.callers.identify(request);
    if (caller === undefined) {
      response.setHeader('WWW-Authenticate', 'Basic realm="VMware HTTP server"');
      return say(response, 401);
    }
    const query = new URLSearchParams(/\?(.*)$/s.exec(request.url ?? '')?.[1]);
    const view = readView(query);
    if (view === undefined) return say(response, 400, 'Sizes are whole numbers from 0 to 4096');
    const vm = this.#dependencies.machine(query.get('id') ?? '');
    if (vm === undefined || !caller.may(vm, 'System.View'))
      return say(response, 404, 'There is no such machine');
    if (!caller.may(vm, PRIVILEGE)) return say(response, 403);
    if (vm.powerState !== 'poweredOn') return say(response, 503, 'The machine is not powered on');
    await this.#send(vm, view, response);
  }

  async #send(vm: VirtualMachine, view: View, response: ServerResponse): Promise<void> {
    try {
      const png = await toPng(await this.#dependencies.picture(vm.vmxPath), view);
      response.writeHead(200, {
        'Content-Type': 'image/png',
        'Content-Length': png.length,
        'Cache-Control': 'no-store',
      });
      response.end(response.req.method === 'HEAD' ? undefined : png);
    } catch (error) {
      if (!(error instanceof VmkernelError)) this.#dependencies.onError(error);
      say(response, error instanceof VmkernelError ? 503 : 500);
    }
  }
}

/** Undefined when the query has a size that is none. */
function readView(query: URLSearchParams): View | undefined {
  const entries = Object.entries(NAMES).map(([name, words]) => {
    const text = words.map(word => query.get(word)).find(value => value !== null);
    return [name, text] as const;
  });
  const given = entries.flatMap(([name, text]) =>
    text === null || text === undefined ? [] : [[name, text] as const],
  );
  if (given.some(([, text]) => !/^\d{1,4}$/.test(text) || Number(text) > MAX_SIDE)) return undefined;
  return Object.fromEntries(given.map(([name, text]) => [name, Number(text)]));
}

function say(response: ServerResponse, status: number, reason = ''): void {
  const body = Buffer.from(reason === '' ? '' : `${reason}\n`);
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': body.length });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}
