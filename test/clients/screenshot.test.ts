import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VmkernelClient } from '../../kernel/client/index.js';
import { runProgram, type SerialPort, TestHost, TREE } from '../harness/index.js';

const NAME = 'asm-painter';
const MODE_TEXT = 0x03;
const MODE_13H = 0x13;
const MODE_XGA_32 = 0x4144;
/** Glyphs of "A" and "B" in every VGA's 8 × 16 font. */
const GLYPH_A = '000010386cc6c6fec6c6c6c600000000';
const GLYPH_B = '0000fc6666667c66666666fc00000000';
/** IBM's 16 colours, 6 bits of the DAC widened to 8. */
const COLORS = [
  0x000000, 0x0000a8, 0x00a800, 0x00a8a8, 0xa80000, 0xa800a8, 0xa85700, 0xa8a8a8, 0x575757, 0x5757ff,
  0x57ff57, 0x57ffff, 0xff5757, 0xff57ff, 0xffff57, 0xffffff,
];

let host: TestHost;
let kernel: VmkernelClient;
let serial: SerialPort;
let vmxPath: string;
let moid: string;
let port: number;
let url: string;

beforeAll(async () => {
  host = await TestHost.up();
  kernel = await host.kernel();
  vmxPath = await host.addGuest(NAME);
  moid = (await host.ssh(`vim-cmd solo/registervm ${vmxPath}`)).stdout.toString().trim();
  port = (await host.status()).ports.https;
  url = `https://127.0.0.1:${port}`;
  serial = (await host.powerOn(kernel, vmxPath)).serial;
  await serial.waitFor(/painter ready/);
}, 300_000);
afterAll(() => host.stop());

interface Picture {
  readonly width: number;
  readonly height: number;
  pixel(x: number, y: number): number;
}

/** Decodes a PNG with netpbm. */
async function decode(png: Buffer): Promise<Picture> {
  const { status, stdout, stderr } = await runProgram('/usr/bin/pngtopnm', [], { input: png });
  expect(status, stderr).toBe(0);
  const [head = '', width, height] = /^P6\n(\d+) (\d+)\n255\n/.exec(stdout.toString('latin1', 0, 40)) ?? [];
  const columns = Number(width);
  return {
    width: columns,
    height: Number(height),
    pixel: (x, y) => stdout.readUIntBE(head.length + 3 * (y * columns + x), 3),
  };
}

/** The guest sets a video mode and fills it. */
async function show(mode: number): Promise<void> {
  const told = serial.waitFor(/k/);
  serial.send(String.fromCharCode(mode & 0xff, mode >> 8));
  await told;
}

async function virshScreenshot(): Promise<Picture> {
  const file = join(host.root, 'shot.png');
  const auth = join(host.root, 'virsh-auth');
  const credentials = `[credentials-root]\nusername=root\npassword=${host.password}\n[auth-esx-127.0.0.1]\ncredentials=root\n`;
  await runProgram('/bin/sh', ['-c', 'umask 077; cat > "$0"', auth], { input: Buffer.from(credentials) });
  const uri = `${url.replace('https://', 'esx://root@')}/?no_verify=1`;
  const env = { PATH: '/usr/bin:/bin', LIBVIRT_AUTH_FILE: auth, XDG_CACHE_HOME: host.root, HOME: host.root };
  const { status, stderr } = await runProgram('/usr/bin/virsh', ['-q', '-c', uri, 'screenshot', NAME, file], {
    env,
    timeoutMs: 60_000,
  });
  expect(status, stderr).toBe(0);
  return decode(readFileSync(file));
}

/** The BIOS's own 8 × 16 font, found in the image of Debian's vgabios. */
function biosFont(): Buffer {
  const rom = readFileSync(join(host.root, 'firmware/vgabios-stdvga.bin'));
  const at = rom.indexOf(Buffer.from(GLYPH_A, 'hex')) - 16 * 0x41;
  const font = rom.subarray(at, at + 16 * 256);
  expect(font.subarray(16 * 0x42, 16 * 0x43).toString('hex')).toBe(GLYPH_B);
  return font;
}

async function curl(
  path: string,
  login = `root:${host.password}`,
): Promise<{ status: number; body: Buffer }> {
  const args = [
    '-sk',
    '-w',
    '%{stderr}%{http_code}',
    ...(login === '' ? [] : ['-u', login]),
    `${url}${path}`,
  ];
  const { stdout, stderr } = await runProgram('/usr/bin/curl', args);
  return { status: Number(stderr), body: stdout };
}

describe('a screenshot', () => {
  it('by virsh shows text in the font and colours of the guest', async () => {
    await show(MODE_TEXT);
    const picture = await virshScreenshot();
    expect([picture.width, picture.height]).toEqual([720, 400]);
    const font = biosFont();
    const wrong: string[] = [];
    for (let n = 80; n < 2000; n++) {
      const attribute = (n >> 3) & 0xff;
      const [ink, paper] = [COLORS[attribute & 15] ?? 0, COLORS[(attribute >> 4) & 7] ?? 0];
      const [left, top] = [(n % 80) * 9, Math.floor(n / 80) * 16];
      for (let y = 0; y < 16; y++) {
        const bits = font[(n & 0xff) * 16 + y] ?? 0;
        for (let x = 0; x < 8; x++) {
          const expected = (bits & (0x80 >> x)) === 0 ? paper : ink;
          if (picture.pixel(left + x, top + y) !== expected) wrong.push(`cell ${n} ${x},${y}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it('by virsh shows mode 13h: one colour for each index, the first 16 as IBM has them', async () => {
    await show(MODE_13H);
    const picture = await virshScreenshot();
    expect([picture.width, picture.height]).toEqual([320, 200]);
    const colors = new Map<number, Set<number>>();
    for (let at = 0; at < 64_000; at++) {
      const index = (at + (at >> 8)) & 0xff;
      const seen = colors.get(index) ?? new Set();
      colors.set(index, seen.add(picture.pixel(at % 320, Math.floor(at / 320))));
    }
    expect([...colors.values()].every(({ size }) => size === 1)).toBe(true);
    expect(COLORS.map((_, index) => [...(colors.get(index) ?? [])][0])).toEqual(COLORS);
  });

  it('by virsh shows 1024 × 768 in 32 bits', async () => {
    await show(MODE_XGA_32);
    const picture = await virshScreenshot();
    expect([picture.width, picture.height]).toEqual([1024, 768]);
    const wrong = [];
    for (let n = 0; n < 1024 * 768; n++) {
      const expected = Math.imul(n, 0x9e3779b1) & 0xffffff;
      if (picture.pixel(n % 1024, n >> 10) !== expected) wrong.push(n);
    }
    expect(wrong).toEqual([]);
  });

  it('by /screen is cut and brought to a size, for who may', async () => {
    const whole = await curl(`/screen?id=${moid}`);
    expect(whole.status).toBe(200);
    const picture = await decode(whole.body);
    const half = await decode((await curl(`/screen?id=${moid}&w=512`)).body);
    expect([half.width, half.height]).toEqual([512, 384]);
    expect(half.pixel(100, 50)).toBe(picture.pixel(200, 100));
    const part = await decode((await curl(`/screen?id=${moid}&left=10&top=20&right=110&bottom=70`)).body);
    expect([part.width, part.height, part.pixel(0, 0)]).toEqual([100, 50, picture.pixel(10, 20)]);
    expect((await curl(`/screen?id=${moid}`, '')).status).toBe(401);
    expect((await curl(`/screen?id=${moid}`, 'root:wrong')).status).toBe(401);
    expect((await curl('/screen?id=9999')).status).toBe(404);
    expect((await curl(`/screen?id=${moid}&w=100000`)).status).toBe(400);
  });

  it('by CreateScreenshot_Task is a file in the machine’s folder, and none of a machine that is off', async () => {
    const script = join(TREE, 'test/clients/pyvmomi/screenshots.py');
    const where = ['--port', String(port), '--password-file', join(host.root, 'password'), '--name', NAME];
    const { status, stdout, stderr } = await runProgram('/usr/bin/python3', [script, ...where]);
    expect(status, stderr).toBe(0);
    expect(stdout.toString().trim().split('\n')).toEqual([
      `[storage1] ${NAME}/${NAME}-0.png`,
      `[storage1] ${NAME}/${NAME}-1.png`,
      'vim.fault.InvalidPowerState',
    ]);
    const file = readFileSync(join(host.root, `datastores/storage1/${NAME}/${NAME}-1.png`));
    const picture = await decode(file);
    expect([picture.width, picture.height, picture.pixel(1, 0)]).toEqual([1024, 768, 0x3779b1]);
  });
});
