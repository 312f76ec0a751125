import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { WebSocket } from 'ws';

const PROGRAM = '/usr/bin/chromium-headless-shell';
const ANSWER_MS = 30_000;

interface Reply {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/** One page of Debian's Chromium without a window, driven by the DevTools protocol. */
export class Browser {
  #nextId = 1;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #session: string | undefined;

  private constructor(
    private readonly child: ChildProcess,
    private readonly socket: WebSocket,
  ) {
    socket.on('message', (data: Buffer) => {
      const reply = JSON.parse(data.toString('utf8')) as Reply;
      if (reply.id === undefined) return;
      this.#waiting.get(reply.id)?.(reply);
      this.#waiting.delete(reply.id);
    });
  }

  /** @param profile a folder of its own */
  static async open(profile: string, width: number, height: number): Promise<Browser> {
    const flags = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run'];
    const own = [`--user-data-dir=${profile}`, `--window-size=${width},${height}`];
    const child = spawn(PROGRAM, [...flags, ...own, '--remote-debugging-port=0', 'about:blank'], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: '/usr/bin:/bin', HOME: profile },
    });
    const socket = new WebSocket(await debuggerUrl(child), { perMessageDeflate: false });
    await once(socket, 'open');
    return new Browser(child, socket);
  }

  async visit(url: string): Promise<void> {
    const { targetId } = await this.#call<{ targetId: string }>('Target.createTarget', { url });
    const flat = { targetId, flatten: true };
    this.#session = (await this.#call<{ sessionId: string }>('Target.attachToTarget', flat)).sessionId;
  }

  /** What an expression gives in the page, as JSON. */
  async evaluate<T>(expression: string): Promise<T | undefined> {
    const asked = { expression, returnByValue: true };
    const { result } = await this.#call<{ result: { value?: T } }>('Runtime.evaluate', asked);
    return result.value;
  }

  /** Types a character as a keyboard does. */
  async type(character: string): Promise<void> {
    const key = character === '\n' ? 'Enter' : character;
    const text = character === '\n' ? '\r' : character;
    await this.#call('Input.dispatchKeyEvent', { type: 'keyDown', key, text });
    await this.#call('Input.dispatchKeyEvent', { type: 'keyUp', key });
  }

  async resize(width: number, height: number): Promise<void> {
    const metrics = { width, height, deviceScaleFactor: 1, mobile: false };
    await this.#call('Emulation.setDeviceMetricsOverride', metrics);
  }

  /** A part of what the page shows. @returns a PNG */
  async screenshot(clip: { x: number; y: number; width: number; height: number }): Promise<Buffer> {
    const asked = { format: 'png', clip: { ...clip, scale: 1 } };
    return Buffer.from((await this.#call<{ data: string }>('Page.captureScreenshot', asked)).data, 'base64');
  }

  async close(): Promise<void> {
    const gone = once(this.child, 'exit');
    this.#session = undefined;
    await this.#call('Browser.close', {});
    await gone;
    this.socket.terminate();
  }

  async #call<T>(method: string, params: Readonly<Record<string, unknown>>): Promise<T> {
    const id = this.#nextId++;
    const session = this.#session === undefined ? {} : { sessionId: this.#session };
    const answered = new Promise<Reply>((resolve, reject) => {
      const late = () => reject(new Error(`Chromium did not answer ${method}`));
      const timer = setTimeout(late, ANSWER_MS);
      this.#waiting.set(id, reply => {
        clearTimeout(timer);
        resolve(reply);
      });
    });
    this.socket.send(JSON.stringify({ id, method, params, ...session }));
    const { result, error } = await answered;
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result as T;
  }
}

async function debuggerUrl(child: ChildProcess): Promise<string> {
  if (child.stderr === null) throw new Error('no standard error');
  const said: string[] = [];
  const lines = createInterface({ input: child.stderr });
  for await (const line of lines) {
    said.push(line);
    const url = /^DevTools listening on (ws:.*)$/.exec(line)?.[1];
    if (url === undefined) continue;
    child.stderr.resume();
    return url;
  }
  throw new Error(`Chromium ended: ${said.join('; ')}`);
}
