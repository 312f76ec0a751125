import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import type { SessionManagerLocalTicket } from '../../lib/vim/index.js';
import { CommandError, type HostAgent } from './agent.js';
import type { Flags } from './flags.js';
import { reference } from './inventory.js';
import type { ListeningAddress } from './local-agent.js';
import { type Endpoint, SoapSession } from './soap-session.js';

const HTTPS_PORT = 443;
/** hostd's own certificate, as the service console sees it. */
const CERTIFICATE = '/etc/vmware/ssl/rui.crt';

/** Opens a session and logs in. @throws CommandError, AgentFault InvalidLogin, NoPermission */
export async function connect(
  flags: Flags,
  local: ListeningAddress,
): Promise<{ agent: HostAgent; close: () => Promise<void> }> {
  const session = await SoapSession.open(endpointOf(flags, local));
  try {
    const manager = reference(session.content.sessionManager);
    const { userName, password } = await credentials(session, flags);
    await session.call(manager, 'Login', { userName, password });
    const close = async (): Promise<void> => {
      try {
        await session.call(manager, 'Logout', {});
      } finally {
        session.close();
      }
    };
    return { agent: session, close };
  } catch (error) {
    session.close();
    throw error;
  }
}

/**
 * This host's own agent must show the host's certificate: whoever else answered a request for a local ticket could
 * name any file, and would be sent it.
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

async function credentials(
  session: SoapSession,
  flags: Flags,
): Promise<{ userName: string; password: string }> {
  const { user, password } = flags;
  if (user !== null && password !== null) return { userName: user, password };
  const manager = reference(session.content.sessionManager);
  const ticket = await session.call(manager, 'AcquireLocalTicket', { userName: userInfo().username });
  const { userName, passwordFilePath } = ticket as SessionManagerLocalTicket;
  return { userName, password: readFileSync(passwordFilePath, 'utf8') };
}
