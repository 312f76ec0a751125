import { setTimeout as delay } from 'node:timers/promises';
import { SoapClient } from './client.js';
import { THREE_PROPERTIES } from './lines.js';
import { createFilter, createView, message, propertySpec, viewSpec } from './messages.js';
import type { SoapServer } from './soap-server.js';

export interface OpenSessionsResult {
  readonly sessions: number;
  readonly errors: number;
  readonly rssBeforeMb: number;
  /** Once all of them wait. */
  readonly rssOpenMb: number;
  readonly rssAfterMb: number;
}

/** Sessions that each wait for updates over every VM, held for a while; a change every second wakes all of them. */
export async function openSessions(
  server: SoapServer,
  sessions: number,
  forMs: number,
  change: (round: number) => Promise<void>,
): Promise<OpenSessionsResult> {
  const rssBeforeMb = server.rssMb();
  const clients: SoapClient[] = [];
  let errors = 0;
  let over = false;
  const follow = async (client: SoapClient): Promise<void> => {
    const { viewManager, rootFolder, propertyCollector } = client.objects;
    const view = await client.askReference(createView(viewManager, rootFolder, 'VirtualMachine'));
    const spec = propertySpec('VirtualMachine', [...THREE_PROPERTIES, 'config.annotation']);
    await client.send(createFilter(propertyCollector, spec, viewSpec(view)));
    for (let version = ''; !over; ) {
      const args = `<version>${version}</version>`;
      const text = await client.ask(message(propertyCollector, 'WaitForUpdates', args));
      version = /<version>([^<]+)</.exec(text)?.[1] ?? version;
    }
  };
  for (let i = 0; i < sessions; i++) {
    const client = await SoapClient.loggedIn(server);
    clients.push(client);
    follow(client).catch(() => {
      if (!over) errors++;
    });
  }
  const endMs = performance.now() + forMs;
  let rssOpenMb = Number.NaN;
  for (let round = 0; performance.now() < endMs; round++) {
    await change(round);
    await delay(1000);
    if (round === SETTLED_ROUNDS) rssOpenMb = server.rssMb();
  }
  over = true;
  const rssAfterMb = server.rssMb();
  for (const client of clients) client.close();
  return { sessions, errors, rssBeforeMb, rssOpenMb, rssAfterMb };
}

/** After as many changes every session has had its first replies, and the server its garbage. */
const SETTLED_ROUNDS = 30;
