/**
 * A BIOS whose guest goes round between two rings for ever: in ring 3 it counts down and does INT 80h, in ring 0 it
 * counts down and returns. How many instructions belong to which ring is known.
 *
 * From F000:0000: copies itself to 1000h; GDT of flat segments for both rings and a TSS; IDT with one gate at 80h,
 * privilege 3; then `user: mov ecx,U; dec ecx; jnz; int 80h; jmp user` and `handler: mov edx,K; dec edx; jnz; iret`.
 */
const IMAGE = Buffer.from(
  [
    'fa31c08ed88ec0bf001031f6b90002fc2ef3a4ea18100000660f0116c810660f011ece100f20c00c010f22c0ea311008',
    '0066b810008ed88ec08ed0bc00800000c7050430000000800000c7050830000010000000c705002400008c100800c705',
    '0424000000ee000066b828000f00d86a2368009000006a026a1b6880100000cfb9111111114975fdcd80ebf4ba222222',
    '224a75fdcf8d76000000000000000000ffff0000009acf00ffff00000092cf00ffff000000facf00ffff000000f2cf00',
    '67000030008900002f0098100000070400200000',
  ].join(''),
  'hex',
);
const USER_COUNT_AT = 129;
const KERNEL_COUNT_AT = 141;
const BIOS_BYTES = 0x10000;
const RESET_VECTOR = 0xfff0;

export class TwoRings {
  /** Of the guest's instructions, those outside ring 0. */
  readonly userShare: number;

  constructor(
    private readonly userLoops: number,
    private readonly kernelLoops: number,
  ) {
    const user = 2 * userLoops + 3;
    this.userShare = user / (user + 2 * kernelLoops + 2);
  }

  image(): Uint8Array {
    const image = Buffer.alloc(BIOS_BYTES);
    image.set(IMAGE);
    image.writeUInt32LE(this.userLoops, USER_COUNT_AT);
    image.writeUInt32LE(this.kernelLoops, KERNEL_COUNT_AT);
    image.set([0xea, 0x00, 0x00, 0x00, 0xf0], RESET_VECTOR);
    return image;
  }
}
