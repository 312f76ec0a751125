import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import type { ApiVersion } from '../vim/index.js';
import { VimClientError } from './errors.js';
import type { ListeningAddress } from './local-agent.js';
import type { Endpoint } from './transport.js';
import { VimClient } from './vim-client.js';

const HTTPS_PORT = 443;
/** hostd's own certificate, as the service console sees it. */
const CERTIFICATE = '/etc/vmware/ssl/rui.crt';

/** As whom a tool of the service console speaks to which host agent. */
export interface LoginOptions {
  /** null: this host. */
  readonly host: string | null;
  /** null: where the host agent of this service console listens. */
  readonly port: number | null;
  /** null: who runs this. Without a password by a local ticket, which only root may read of others. */
  readonly user: string | null;
  readonly password: string | null;
  /** Of the API; the product's tools speak 2.5. */
  readonly version?: ApiVersion;
}

/**
 * Opens a session and logs in; without a user by a local ticket, which is a file that hostd lets only its owner read.
 * @throws VimClientError, VimClientFault InvalidLogin, NoPermission
 */
export async function openSession(
  options: LoginOptions,
  local: ListeningAddress,
): Promise<{ client: VimClient; close: () => Promise<void> }> {
  const client = await VimClient.open(endpointOf(options, local), options.version);
  try {
    const { userName, password } = await credentials(client, options);
    await client.login(userName, password);
  } catch (error) {
    client.close();
    throw error;
  }
  const close = async (): Promise<void> => {
    try {
      await client.logout();
    } finally {
      client.close();
    }
  };
  return { client, close };
}

/**
 * This host's own agent must show the host's certificate: whoever else answered a request for a local ticket could
 * name any file, and would be sent it. On other hosts, as with the product's tools, whoever answers is trusted.
 */
function endpointOf({ host, port }: LoginOptions, local: ListeningAddress): Endpoint {
  if (host !== null) return { host, port: port ?? HTTPS_PORT, certificate: null };
  try {
    const certificate = readFileSync(CERTIFICATE, 'utf8');
    return { host: local.host, port: port ?? local.port, certificate };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new VimClientError('NotRecognized', `This host's own agent cannot be recognized: ${reason}`);
  }
}

async function credentials(
  client: VimClient,
  { user, password }: LoginOptions,
): Promise<{ userName: string; password: string }> {
  if (user !== null && password !== null) return { userName: user, password };
  const { sessionManager } = client.content;
  if (sessionManager === undefined)
    throw new VimClientError('NotSoap', 'The host agent has no session manager');
  const asked = { userName: user ?? userInfo().username };
  const ticket = await client.call(sessionManager, 'AcquireLocalTicket', asked);
  return { userName: ticket.userName, password: readFileSync(ticket.passwordFilePath, 'utf8') };
}
