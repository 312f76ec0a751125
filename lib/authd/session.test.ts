import { describe, expect, it } from 'vitest';
import { AuthdSession, GREETING, type SessionEffect } from './session.js';

const SHA1 = 'C5:50:62:11:9A:84:73:02:6D:2B:D9:01:3E:FF:10:7C:64:5B:A9:73';
const SHA256 = Array.from({ length: 32 }, (_, i) => i.toString(16).padStart(2, '0').toUpperCase()).join(':');
const TICKET = '52cf8c64-9343-7cb7-d151-1bfc481bb7d5';

class Client {
  readonly session: AuthdSession;
  constructor(ticketsOnly = false) {
    this.session = new AuthdSession({ ticketsOnly, thumbprintSha1: SHA1, thumbprintSha256: SHA256 });
  }
  line(text: string): SessionEffect[] {
    return this.session.receive(Buffer.from(`${text}\r\n`));
  }
  login(): this {
    this.line('USER root');
    this.line('PASS secret');
    this.session.loginDecided(true);
    return this;
  }
}

const said = (effects: SessionEffect[]): string =>
  effects.map(effect => (effect.type === 'send' ? effect.text : `<${effect.type}>`)).join('');

describe('the line protocol of authd', () => {
  it('greets as an ESX Server 3 that requires TLS (nmap-service-probes, vmware-auth)', () => {
    expect(GREETING).toMatch(
      /^220 VMware Authentication Daemon Version (\d[-.\w]+): SSL Required, ServerDaemonProtocol:(SOAP|IPC), MKSDisplayProtocol:VNC/,
    );
    expect(GREETING.endsWith('\r\n')).toBe(true);
  });

  it('logs a user in by USER and PASS', () => {
    const client = new Client();
    expect(said(client.line('USER root'))).toBe('331 Password required for root.\r\n');
    expect(client.line('PASS a secret ')).toEqual([
      { type: 'checkPassword', user: 'root', password: 'a secret ' },
    ]);
    expect(said(client.session.loginDecided(true))).toBe('230 User root logged in.\r\n');
    expect(client.session.loggedIn).toBe(true);
  });

  it('takes two quotes for an empty name and an empty password, as hydra sends them', () => {
    const client = new Client();
    client.line('USER ""');
    expect(client.line('PASS ""')).toEqual([{ type: 'checkPassword', user: '', password: '' }]);
  });

  it('leaves the session open after a wrong password, and ends it after the tenth', () => {
    const client = new Client();
    for (let i = 1; i < 10; i++) {
      client.line('USER root');
      client.line('PASS wrong');
      expect(said(client.session.loginDecided(false))).toBe('530 Login incorrect.\r\n');
    }
    client.line('USER root');
    client.line('PASS wrong');
    expect(said(client.session.loginDecided(false))).toBe('530 Login incorrect.\r\n<close>');
    expect(client.line('USER root')).toEqual([]);
  });

  it('asks for a login before anything else, and for USER before PASS', () => {
    const client = new Client();
    for (const line of [
      'HELP',
      'SESSIONID x',
      'CONNECT_VPXA x',
      'THUMBPRINT abc',
      'CONNECT /a mks',
      'PASS x',
    ])
      expect(said(client.line(line))).toBe('530 Please login with USER and PASS.\r\n');
  });

  it('logs in by a ticket that stands as USER and PASS', () => {
    const client = new Client(true);
    expect(said(client.line(`USER ${TICKET}`))).toBe(`331 Password required for ${TICKET}.\r\n`);
    expect(client.line(`PASS ${TICKET}`)).toEqual([{ type: 'checkTicket', ticket: TICKET }]);
    expect(said(client.session.loginDecided(true))).toBe(`230 User ${TICKET} logged in.\r\n`);
  });

  it('knows no accounts where only tickets count', () => {
    const client = new Client(true);
    client.line('USER root');
    expect(said(client.line('PASS secret'))).toBe('530 Login incorrect.\r\n');
  });

  it('answers SESSION by nothing, right or wrong, and BANNER by the greeting', () => {
    const client = new Client();
    expect(client.line(`SESSION ${TICKET}`)).toEqual([{ type: 'checkTicket', ticket: TICKET }]);
    expect(client.session.loginDecided(true)).toEqual([]);
    expect(said(client.line('BANNER '))).toBe(GREETING);
    expect(said(client.line('PROXY nfc'))).toMatch(/^501 Service nfc /);
    expect(client.line('SESSION nonsense')).toEqual([]);
    expect(said(client.line('PROXY nfc'))).toBe('530 Please login with USER and PASS.\r\n');
  });

  it('names the certificate', () => {
    const client = new Client().login();
    expect(said(client.line('THUMBPRINT AAECAwQFBgcICQoL'))).toBe(`200 ${SHA1}\r\n`);
    expect(said(client.line('THUMBPRINT_SHA2 PlainText'))).toBe(`200 ${SHA256}\r\n`);
    expect(said(client.line('THUMBPRINT_SHA2 C5:50 x'))).toBe('501 Invalid arguments\r\n');
    expect(said(client.line('THUMBPRINT'))).toBe('501 Invalid arguments\r\n');
  });

  it('hands a connection over with the nonce of THUMBPRINT', () => {
    const client = new Client().login();
    client.line('THUMBPRINT AAECAwQFBgcICQoL');
    const path = '/vmfs/volumes/1-1/a b/a.vmx';
    expect(client.line(`CONNECT ${path} mks`)).toEqual([
      {
        type: 'connect',
        request: {
          vmxPath: path,
          service: 'mks',
          identity: { kind: 'user', user: 'root' },
          nonce: 'AAECAwQFBgcICQoL',
        },
      },
    ]);
    expect(said(client.session.connectDecided(undefined))).toBe(`200 Connect ${path}\r\n<handOver>`);
    expect(client.line('QUIT')).toEqual([]);
  });

  it('takes a datastore path for a machine', () => {
    const [effect] = new Client().login().line('CONNECT [storage1] a/a.vmx vmctl');
    expect(effect).toMatchObject({
      request: { vmxPath: '/vmfs/volumes/storage1/a/a.vmx', service: 'vmctl' },
    });
  });

  it('goes on after a CONNECT that was refused', () => {
    const client = new Client().login();
    client.line('CONNECT /a.vmx mks');
    expect(said(client.session.connectDecided('a is\r\n230 off'))).toBe('550 a is 230 off\r\n');
    expect(said(client.line('CONNECT relative mks'))).toBe('501 Invalid arguments\r\n');
    expect(said(client.line('NONSENSE'))).toMatch(/^501 /);
  });

  it('closes the connection of a client that goes on after CONNECT', () => {
    const later = new Client().login();
    later.line('CONNECT /a.vmx mks');
    expect(said(later.line('QUIT'))).toBe('<close>');
    expect(later.session.connectDecided(undefined)).toEqual([]);
    const atOnce = new Client().login();
    expect(said(atOnce.session.receive(Buffer.from('CONNECT /a.vmx mks\r\nQ')))).toBe('<close>');
  });

  it('reads lines as they come, byte by byte or many at once, and ends one that does not end', () => {
    const client = new Client();
    const bytes = Buffer.from('USER root\r\nPASS secret\nTHUMBPRINT abc\r\n');
    const effects = [...bytes].flatMap(byte => client.session.receive(Uint8Array.of(byte)));
    expect(effects.map(effect => effect.type)).toEqual(['send', 'checkPassword']);
    expect(said(client.session.loginDecided(true))).toBe(`230 User root logged in.\r\n200 ${SHA1}\r\n`);
    const endless = new Client();
    expect(endless.session.receive(Buffer.alloc(5000, 65))).toEqual([]);
    expect(said(endless.session.receive(Buffer.alloc(5000, 65)))).toBe('501 Line too long.\r\n<close>');
    expect(said(new Client().session.receive(Buffer.alloc(20_000, 10)))).toContain('<close>');
  });
});
