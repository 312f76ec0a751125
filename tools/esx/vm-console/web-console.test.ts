import { once } from 'node:events';
import { createConnection } from 'node:net';
import { expect, it } from 'vitest';
import { WebConsole } from './web-console.js';

it('a stranger who breaks off an upgrade ends nothing but itself', async () => {
  const attached: unknown[] = [];
  const web = await WebConsole.open({ attach: stream => attached.push(stream) }, 0, '/nowhere');
  const { origin, host, port } = new URL(web.link);
  const head = `GET /socket HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;
  for (let i = 0; i < 10; i++) {
    const stranger = createConnection(Number(port), '127.0.0.1');
    stranger.on('error', () => undefined);
    await once(stranger, 'connect');
    await new Promise(resolve => {
      stranger.write(Buffer.concat([Buffer.from(head), Buffer.alloc(200_000)]), resolve);
    });
    stranger.resetAndDestroy();
    await once(stranger, 'close');
  }
  expect((await fetch(`${origin}/`)).status).toBe(403);
  expect((await fetch(web.link, { redirect: 'manual' })).status).toBe(302);
  expect(attached).toEqual([]);
  web.close();
});
