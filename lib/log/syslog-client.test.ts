import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { SyslogClient } from './syslog-client.js';

let folder: string;
let path: string;
let client: SyslogClient;
const servers: Server[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'syslog-'));
  path = join(folder, 'log');
  client = new SyslogClient(path, 'sshd[7]');
});
afterEach(() => {
  client.close();
  for (const server of servers.splice(0)) server.close();
  rmSync(folder, { recursive: true });
});

function listen(): Promise<() => string[]> {
  let text = '';
  const server = createServer(socket => {
    socket.on('data', chunk => {
      text += chunk.toString();
    });
  });
  servers.push(server);
  return new Promise(resolve => server.listen(path, () => resolve(() => text.split('\0').slice(0, -1))));
}

it('says lines of authpriv, each ended by a NUL', async () => {
  const lines = await listen();
  client.write('info', 'Accepted');
  client.write('warning', 'Failed');
  // authpriv is 10: 10 * 8 + 6, 10 * 8 + 4 (RFC 3164 4.1.1)
  await vi.waitFor(() => expect(lines()).toEqual(['<86>sshd[7]: Accepted', '<84>sshd[7]: Failed']));
});

it('keeps the newest 256 lines until somebody listens', async () => {
  for (let i = 0; i < 1000; i++) client.write('info', `line ${i}`);
  const lines = await listen();
  await vi.waitFor(() => {
    client.write('info', 'last');
    expect(lines().length).toBeGreaterThanOrEqual(256);
  });
  expect(lines()[0]).toMatch(/line 7\d\d$/);
  expect(lines()).toContain('<86>sshd[7]: line 999');
});
