import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { type Endpoint, VimClient } from '../../lib/vim-client/index.js';
import { CommandError, type HostAgent } from './agent.js';
import type { Flags } from './flags.js';
import type { ListeningAddress } from './local-agent.js';

const HTTPS_PORT = 443;
/** hostd's own certificate, as the service console sees it. */
const CERTIFICATE = '/etc/vmware/ssl/rui.crt';

/** Opens a session and logs in. @throws CommandError, VimClientError, VimClientFault InvalidLogin, NoPermission */
export async function connect(
  flags: Flags,
  local: ListeningAddress,
): Promise<{ agent: HostAgent; close: () => Promise<void> }> {
  const client = await VimClient.open(endpointOf(flags, local));
  try {
    const { userName, password } = await credentials(client, flags);
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
  return { agent: client, close };
}

/**
 * This host's own agent must show the host's certificate: whoever else answered a request for a local ticket could
 * name any file, and would be sent it. On other hosts, as with the product's tool, whoever answers is trusted.
 */
function endpointOf(flags: Flags, local: ListeningAddress): Endpoint {
  const { host, port } = flags;
  if (host !== null) return { host, port: port ?? HTTPS_PORT, certificate: null };
  try {
    const certificate = readFileSync(CERTIFICATE, 'utf8');
    return { host: local.host, port: port ?? local.port, certificate };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError('NotAvailable', `This host's own agent cannot be recognized: ${reason}`);
  }
}

async function credentials(client: VimClient, flags: Flags): Promise<{ userName: string; password: string }> {
  const { user, password } = flags;
  if (user !== null && password !== null) return { userName: user, password };
  const { sessionManager } = client.content;
  if (sessionManager === undefined)
    throw new CommandError('NotAvailable', 'The host agent has no session manager');
  const asked = { userName: userInfo().username };
  const ticket = await client.call(sessionManager, 'AcquireLocalTicket', asked);
  return { userName: ticket.userName, password: readFileSync(ticket.passwordFilePath, 'utf8') };
}
