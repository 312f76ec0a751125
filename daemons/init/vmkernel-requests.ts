import type { Socket } from 'node:net';
import {
  type CallFailure,
  encodeFrame,
  FrameDecoder,
  type InitCallName,
  type InitCalls,
  type InitReply,
  type InitRequest,
  VmkernelError,
} from '../../kernel/abi/index.js';
import type { Logger } from '../../lib/log/index.js';

/** What the VMkernel may ask of init. It has checked the arguments; who asked it is its matter. */
export type VmkernelRequests = {
  readonly [N in InitCallName]: (args: InitCalls[N]['args']) => Promise<InitCalls[N]['result']>;
};

/** Answers the VMkernel's requests on init's end of the socket pair between them. */
export function serveVmkernel(socket: Socket, requests: VmkernelRequests, logger: Logger): void {
  const decoder = new FrameDecoder();
  const serve = async (request: InitRequest): Promise<void> => {
    const reply = await answer(request, requests, logger);
    if (socket.writable) socket.write(encodeFrame(reply));
  };
  socket.on('error', error => logger.debug({ err: error }, 'the VMkernel’s socket'));
  socket.on('data', chunk => {
    try {
      for (const { header } of decoder.push(chunk)) serve(header as InitRequest).catch(logger.error);
    } catch (error) {
      logger.error({ err: error }, 'the VMkernel sent no frame');
      socket.destroy();
    }
  });
}

async function answer(request: InitRequest, requests: VmkernelRequests, logger: Logger): Promise<InitReply> {
  const { id } = request;
  try {
    const result = await perform(request, requests);
    return { id, result };
  } catch (error) {
    if (!(error instanceof VmkernelError)) logger.error({ err: error }, `request ${request.call}`);
    return { id, error: failureOf(error) };
  }
}

function perform(
  request: InitRequest,
  requests: VmkernelRequests,
): Promise<InitCalls[InitCallName]['result']> {
  switch (request.call) {
    case 'hostPower':
      return requests.hostPower(request.args);
    case 'service':
      return requests.service(request.args);
    default: {
      const { call } = request satisfies never as InitRequest;
      throw new VmkernelError('NotSupported', `init has no call ${call}`, { call });
    }
  }
}

function failureOf(error: unknown): CallFailure {
  if (!(error instanceof VmkernelError)) return { code: 'Internal', message: String(error), details: {} };
  const { code, message, details } = error;
  return { code, message, details };
}
