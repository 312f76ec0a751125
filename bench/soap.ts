import { BURST, powerOns } from './power-ons.js';
import type { BenchContext, Benchmark, Measured, Row, Target } from './result.js';
import {
  buildSimulator,
  changeOf,
  durableReplaceMs,
  LINES_OF_ALL,
  LINES_OF_ONE,
  type Line,
  type LoadResult,
  lateness,
  load,
  OurHost,
  openSessions,
  Simulator,
  SoapClient,
  type SoapServer,
} from './soap/index.js';
import { median } from './statistics.js';

const SIZES = [100, 1000, 5000] as const;
const CLIENTS = [1, 8] as const;
const RUNS = 3;
const WINDOW_MS = 2000;
/** Unmeasured, before a line is measured on a server: both have to find their pace. */
const WARM_MS = 2000;
const QUICK_WINDOW_MS = 400;
const CHANGES = 20;
const SESSIONS = 500;
const HELD_MS = 600_000;
const QUICK_HELD_MS = 20_000;

const lineTargets: Target[] = [
  ...LINES_OF_ONE.map(line => line.name),
  ...LINES_OF_ALL.flatMap(line => SIZES.map(size => `${line.name}_n${size}`)),
].flatMap(name =>
  CLIENTS.flatMap(clients => [
    { figure: `soap_${name}_c${clients}_ratio`, atLeast: 1 },
    { figure: `soap_${name}_c${clients}_errors`, atMost: 0 },
  ]),
);

/** Requests of the VIM API, ours beside govmomi's simulator: the same client, the same machines, in turns. */
export const soap: Benchmark = {
  name: 'soap',
  about:
    'SOAP requests beside another server of the API; start with many VMs; power-ons (--full: 500 sessions)',
  targets: [
    ...lineTargets,
    ...SIZES.map(size => ({ figure: `soap_start_n${size}_ratio`, atLeast: 1 })),
    ...SIZES.map(size => ({ figure: `soap_update_n${size}_late_ms`, atMost: 5 })),
    { figure: 'soap_power_on_per_s', atLeast: 10 },
    { figure: 'soap_sessions_growth_percent', atMost: 5 },
    { figure: 'soap_sessions_errors', atMost: 0 },
  ],
  run,
};

async function run(context: BenchContext): Promise<Measured> {
  const program = await buildSimulator(context);
  const ours = await OurHost.up(context);
  const figures: Record<string, number> = { soap_login_cold_ms: await coldLoginMs(ours) };
  const rows: Row[] = [];
  const sizes = context.quick ? SIZES.slice(0, 1) : SIZES;
  try {
    for (const size of sizes) {
      figures[`soap_register_n${size}_per_s`] = await ours.grow(size);
      const startMs = performance.now();
      const peer = await Simulator.start(context, program, size);
      const peerStartS = (performance.now() - startMs) / 1000;
      try {
        const lines = size === SIZES[0] ? [...LINES_OF_ONE, ...LINES_OF_ALL] : LINES_OF_ALL;
        for (const line of lines) {
          const name = LINES_OF_ALL.includes(line) ? `${line.name}_n${size}` : line.name;
          for (const clients of CLIENTS)
            rows.push(...(await compare({ context, figures, name, line, clients, servers: [ours, peer] })));
        }
        const replaceMs = durableReplaceMs(ours.datastore);
        figures[`soap_replace_floor_n${size}_ms`] = replaceMs;
        context.note(`a small file replaced for good on this disk: ${replaceMs.toFixed(1)} ms`);
        figures[`soap_update_n${size}_late_ms`] = median(await lateness(ours, CHANGES));
        figures[`soap_rss_n${size}_mb`] = ours.rssMb();
        figures[`soap_rss_n${size}_peer_mb`] = peer.rssMb();
      } finally {
        await peer.stop();
      }
      const startS = await ours.restart();
      figures[`soap_start_n${size}_s`] = startS;
      figures[`soap_start_n${size}_peer_s`] = peerStartS;
      figures[`soap_start_n${size}_ratio`] = peerStartS / startS;
      context.note(`start with ${size} VMs: ${startS.toFixed(2)} s, simulator ${peerStartS.toFixed(2)} s`);
    }
    if (context.full) await hold(context, ours, figures);
    const vms = context.quick ? 4 : BURST;
    figures.soap_power_on_per_s = await powerOns(context, ours, vms);
  } finally {
    await ours.stop();
  }
  return { figures, rows };
}

/** Before hostd has verified this password ever. */
async function coldLoginMs(server: SoapServer): Promise<number> {
  const client = await SoapClient.open(server);
  const startMs = performance.now();
  await client.login();
  const tookMs = performance.now() - startMs;
  client.close();
  return tookMs;
}

interface Comparison {
  readonly context: BenchContext;
  readonly figures: Record<string, number>;
  readonly name: string;
  readonly line: Line;
  readonly clients: number;
  readonly servers: readonly [OurHost, Simulator];
}

/** One line with so many clients, on both servers in turns. */
async function compare({ context, figures, name, line, clients, servers }: Comparison): Promise<Row[]> {
  const results = new Map<SoapServer, LoadResult[]>(servers.map(server => [server, []]));
  const runs = context.runs ?? (context.quick ? 1 : RUNS);
  for (const server of servers) await loadLine({ server, line, clients, forMs: WARM_MS });
  const forMs = context.quick ? QUICK_WINDOW_MS : WINDOW_MS;
  for (let i = 0; i < runs; i++)
    for (const server of servers) results.get(server)?.push(await loadLine({ server, line, clients, forMs }));
  const [ours, peer] = servers.map(server => results.get(server) ?? []) as [LoadResult[], LoadResult[]];
  const prefix = `soap_${name}_c${clients}`;
  const of = (all: readonly LoadResult[], pick: (result: LoadResult) => number) => median(all.map(pick));
  figures[`${prefix}_rps`] = of(ours, result => result.perSecond);
  figures[`${prefix}_peer_rps`] = of(peer, result => result.perSecond);
  figures[`${prefix}_ratio`] = median(
    ours.map((result, i) => result.perSecond / (peer[i]?.perSecond ?? Number.NaN)),
  );
  figures[`${prefix}_p50_ms`] = of(ours, result => result.p50Ms);
  figures[`${prefix}_p99_ms`] = of(ours, result => result.p99Ms);
  figures[`${prefix}_cpu_ms`] = of(ours, result => result.cpuMs);
  figures[`${prefix}_peer_cpu_ms`] = of(peer, result => result.cpuMs);
  figures[`${prefix}_errors`] = ours.reduce((total, result) => total + result.errors, 0);
  context.note(
    `${name}, ${clients} clients: ${figures[`${prefix}_rps`]?.toFixed(0)}/s, ${figures[`${prefix}_ratio`]?.toFixed(2)} × simulator, CPU ${figures[`${prefix}_cpu_ms`]?.toFixed(2)} ms against ${figures[`${prefix}_peer_cpu_ms`]?.toFixed(2)}`,
  );
  for (const { firstError } of [...ours, ...peer])
    if (firstError !== undefined) context.note(`${name}: ${firstError}`);
  return [ours, peer].map((all, at) => ({
    line: name,
    clients,
    server: at === 0 ? 'ours' : 'simulator',
    'per s': of(all, result => result.perSecond),
    'p50 ms': of(all, result => result.p50Ms),
    'p99 ms': of(all, result => result.p99Ms),
    'CPU ms': of(all, result => result.cpuMs),
    errors: all.reduce((total, result) => total + result.errors, 0),
  }));
}

async function loadLine({ server, line, clients, forMs }: LineLoad): Promise<LoadResult> {
  const all = await Promise.all(Array.from({ length: clients }, (_, i) => line.open(server, i, clients)));
  try {
    return await load(
      server,
      all.map(client => client.operation),
      forMs,
    );
  } finally {
    for (const client of all) client.end();
  }
}

interface LineLoad {
  readonly server: SoapServer;
  readonly line: Line;
  readonly clients: number;
  readonly forMs: number;
}

/** Many sessions with open collectors for a while. */
async function hold(context: BenchContext, ours: OurHost, figures: Record<string, number>): Promise<void> {
  const forMs = context.quick ? QUICK_HELD_MS : HELD_MS;
  const change = await changeOf(ours);
  context.note(`${SESSIONS} sessions for ${forMs / 1000} s`);
  const held = await openSessions(ours, SESSIONS, forMs, change.make).finally(change.end);
  figures.soap_sessions_rss_mb = held.rssAfterMb;
  figures.soap_sessions_errors = held.errors;
  figures.soap_sessions_growth_percent = (held.rssAfterMb / held.rssOpenMb - 1) * 100;
}
