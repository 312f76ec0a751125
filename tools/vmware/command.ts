/** Release and build as the product prints them; scripts take the fourth word. */
export const PRODUCT_LINE = 'VMware ESX Server 3.5.0 build-153875';

export const USAGE = `usage: vmware -v
  -v, --version  product, release and build
  -h, --help     this text
`;

export interface Output {
  readonly out: string;
  readonly err: string;
  readonly status: number;
}

export function vmware(args: readonly string[]): Output {
  const [flag, ...more] = args;
  if (more.length === 0 && (flag === '-v' || flag === '--version'))
    return { out: `${PRODUCT_LINE}\n`, err: '', status: 0 };
  if (more.length === 0 && (flag === '-h' || flag === '--help')) return { out: USAGE, err: '', status: 0 };
  const complaint = flag === undefined ? '' : `vmware: unknown arguments: ${args.join(' ')}\n`;
  return { out: '', err: complaint + USAGE, status: 1 };
}
