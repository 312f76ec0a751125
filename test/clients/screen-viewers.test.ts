import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runProgram, type SerialPort, TestHost, until } from '../harness/index.js';
import { Browser } from './viewers/browser.js';
import { decodePicture, findPicture, type Picture } from './viewers/picture.js';
import { XDisplay } from './viewers/x-display.js';

const GUEST = 'tiny';
const FIRST_VNC_PORT = 5900;
/** Of a shell in the guest: letters of both cases, digits and what stands beside them on a keyboard. */
const TYPED = 'echo "Az09 ~!@#%^&*()_+{}|:<>?-=[];,./" | tee /dev/ttyS0';
const ECHOED = 'Az09 ~!@#%^&*()_+{}|:<>?-=[];,./';

let host: TestHost;
let serial: SerialPort;
let moid: string;
let port: number;

beforeAll(async () => {
  host = await TestHost.up();
  port = await freePort();
  const offset = (await host.status()).ports.ssh - 22;
  const keys = `RemoteDisplay.vnc.enabled = "TRUE"\nRemoteDisplay.vnc.port = "${port - offset}"\n`;
  const vmxPath = await host.addGuest(GUEST, GUEST, text => text + keys);
  moid = (await host.ssh(`vim-cmd solo/registervm ${vmxPath}`)).stdout.toString().trim();
  serial = (await host.powerOn(await host.kernel(), vmxPath)).serial;
  await serial.waitFor(/# (?:.\[6n)?$/);
  // A cursor that blinks would make two pictures of one screen differ.
  await serial.command(String.raw`printf '\033[?25l\033[2J\033[H' > /dev/tty1`);
});
afterAll(() => host.stop());

/** A port for the VM: above the first of VNC, and the offset of the host's own. */
async function freePort(): Promise<number> {
  const offset = (await host.status()).ports.ssh - 22;
  for (;;) {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    server.close();
    if (typeof address === 'object' && address !== null && address.port > Math.max(offset, FIRST_VNC_PORT))
      return address.port;
  }
}

/** What the host says that the VM shows: screenshot.test.ts compares that with the guest's font and memory. */
async function vmPicture(): Promise<Picture> {
  const url = `https://127.0.0.1:${(await host.status()).ports.https}/screen?id=${moid}`;
  const { stdout } = await runProgram('/usr/bin/curl', ['-sk', '-u', `root:${host.password}`, url]);
  return decodePicture(stdout, 'pngtopnm');
}

describe('gvncviewer on an X display', () => {
  it('types what a hand types, and shows what the VM shows', async () => {
    const display = await XDisplay.open(join(host.root, 'x'));
    try {
      display.start('/usr/bin/gvncviewer', [`127.0.0.1:${port - FIRST_VNC_PORT}`]);
      await display.hand('search', '--sync', '--onlyvisible', '--name', GUEST, 'windowfocus', '--sync');
      await display.hand('type', '--delay', '20', TYPED);
      await display.hand('key', 'Return');
      await serial.waitFor(new RegExp(literal(ECHOED)));
      await until('the viewer to show the VM', async () =>
        findPicture(await display.picture(), await vmPicture()),
      );
    } finally {
      await display.close();
    }
  });
});

describe('noVNC in Chromium', () => {
  it('types what a hand types, and shows what the VM shows', async () => {
    let console: ChildProcess | undefined;
    const served = host.esx(['console', GUEST, '--web'], { started: child => (console = child) });
    const browser = await Browser.open(join(host.root, 'chromium'), 1024, 768);
    try {
      const child = await until('the front door to start', () => console);
      const [link] = (await once(child.stdout ?? child, 'data')) as [Buffer];
      await browser.visit(link.toString('utf8').trim());
      await until('noVNC to be connected', async () => (await browser.evaluate('document.title')) === GUEST);
      for (const character of `${TYPED}\n`) await browser.type(character);
      await serial.waitFor(new RegExp(literal(ECHOED)));
      await until('the page to show the VM', async () =>
        samePicture(await vmPicture(), await shown(browser)),
      );
    } finally {
      await browser.close();
      console?.kill('SIGINT');
    }
    expect((await served).status).toBe(0);
  });
});

/** The page's canvas as it is on the screen, at its own size. */
async function shown(browser: Browser): Promise<Picture | undefined> {
  const place = await browser.evaluate<{ x: number; y: number; width: number; height: number }>(
    '(() => { const c = document.querySelector("canvas"); const { x, y } = c.getBoundingClientRect();' +
      ' return { x, y, width: c.width, height: c.height }; })()',
  );
  const top = await browser.evaluate<number>('document.getElementById("screen").getBoundingClientRect().top');
  if (place === undefined || top === undefined) return undefined;
  // The page scales the picture to what is there: as much as it needs.
  await browser.resize(place.width, place.height + top);
  return decodePicture(await browser.screenshot(place), 'pngtopnm');
}

function samePicture(one: Picture, other: Picture | undefined): boolean {
  return (
    other !== undefined &&
    one.width === other.width &&
    one.height === other.height &&
    one.pixels.every((pixel, i) => pixel === other.pixels[i])
  );
}

const literal = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
