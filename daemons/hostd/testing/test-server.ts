import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'vitest';
import { makeCertificate } from '../../../lib/tls/make-certificate.js';
import { createSecureServer, DescriptionFiles, SoapEndpoint } from '../../../lib/vim-server/index.js';
import { TestHost } from './test-host.js';

type Content = Parameters<typeof createSecureServer>[1];

export interface TestServerOptions {
  /** A client's time for its headers, and for the whole of its request. */
  readonly headersTimeout: number;
  readonly requestTimeout: number;
  /** What is below /folder and /screen; without it nothing is. */
  readonly content?: (test: TestHost) => Pick<Content, 'folder' | 'screen'>;
}

/** The HTTPS server of a {@link TestHost}, at a free port of 127.0.0.1. */
export class TestServer {
  private constructor(
    readonly test: TestHost,
    readonly server: Server,
  ) {}

  static async start({ content, ...limits }: TestServerOptions): Promise<TestServer> {
    const test = await TestHost.start();
    const { key, certificate } = await makeCertificate('esx1.local');
    const nothing = { serve: () => Promise.reject(new Error('no files here')) };
    const served = {
      soap: new SoapEndpoint(test.host.dispatcher, test.host.schema),
      descriptions: new DescriptionFiles(() => '4.1'),
      ...(content?.(test) ?? { folder: nothing, screen: nothing }),
      welcomePage: '<h1>VMware ESX Server 3.5.0</h1>',
      onError: (error: unknown) => test.errors.push(error),
    };
    const server = createSecureServer({ key, cert: certificate }, served, limits);
    await new Promise<void>(resolve => {
      server.listen(0, '127.0.0.1', resolve);
    });
    return new TestServer(test, server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Fails when anything went wrong inside the server. */
  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await this.test.stop();
    expect(this.test.errors).toEqual([]);
  }
}
