import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Client } from "pg";
import type { Application } from "../architecture/application";
import { loadApplication } from "../architecture/application-loader";
import type { Endpoints } from "../architecture/endpoints";
import { root } from "../common/system/checkout";
import { agingTablesOf } from "../lifecycle/aging-tables";
import { runLifecycle } from "../lifecycle/lifecycle-run";
import { convertWarm } from "../lifecycle/warm/warm-run";
import { withSession } from "../local/servers/sql-session";
import { openStore } from "../store/open-store";
import type { StoreSettings } from "../store/store-settings";
import { benchSettings, sqlFor } from "./application-sql";
import type { Bench } from "./bench";
import type { Measurement } from "./measurement";
import { type BenchServers, runPostgres, runScript } from "./servers";

const application = "ecommerce";
const folder = join(root, "sql", application);
const tenants = 50;
/** A run must need no more memory for ten times the rows. */
const smaller = 10;

/** Times and sizes of one partition on its way through the tiers. */
interface Aged {
  readonly rows: number;
  /** Seconds of `COPY` to a file before the conversion, and again before the export. */
  readonly copy: { readonly hot: number; readonly warm: number };
  readonly seconds: { readonly convert: number; readonly export: number; readonly verify: number };
  readonly bytes: { readonly hot: number; readonly warm: number; readonly cold: number };
  /** Peak resident memory of this process during the export and the verification. */
  readonly peak: number;
}

/** Measures the way of a month of orders through the tiers, each step against `COPY` of the same rows to a file. */
export async function measureAging({ servers, sizes, progress }: Bench): Promise<readonly Measurement[]> {
  const store: StoreSettings = { folder: mkdtempSync(join(tmpdir(), "tenantry-bench-store-")), prefix: "bench" };
  try {
    return await servers.withDatabase(application, (endpoints) =>
      withSession(endpoints.postgres, endpoints.postgres.database, async (client) => {
        const settings = { ...benchSettings(application, endpoints), store };
        await runScript(servers, endpoints, await sqlFor(folder, settings, endpoints));
        const { application: described } = await loadApplication(folder);
        const age = (month: string, rows: number) =>
          progress.part(
            `${rows} orders age`,
            () => ageMonth({ servers, endpoints, client, described, store }, month, rows),
            ({ seconds, copy }) => `exported in ${seconds.export.toFixed(1)} s, COPY took ${copy.warm.toFixed(1)} s`,
          );
        const few = await age("2022-12-01", Math.ceil(sizes.rows / smaller));
        return measurementsOf(few, await age("2023-01-01", sizes.rows));
      }),
    );
  } finally {
    rmSync(store.folder, { recursive: true, force: true });
  }
}

function measurementsOf(few: Aged, many: Aged): Measurement[] {
  const { rows, copy, seconds, bytes } = many;
  const rate = (what: string, took: number, copied: number, target?: Measurement["target"]): Measurement => ({
    what,
    against: "`COPY` of the rows to a file",
    unit: "rows/s",
    ours: rows / took,
    theirs: rows / copied,
    ratio: copied / took,
    ...(target && { target }),
  });
  const size = (what: string, ours: number): Measurement => ({
    what,
    against: "hot, with indexes",
    unit: "MiB",
    ours: ours / 2 ** 20,
    theirs: bytes.hot / 2 ** 20,
    ratio: ours / bytes.hot,
  });
  return [
    rate("export to Parquet", seconds.export, copy.warm, { atLeast: 0.5 }),
    rate("export, and every value read back", seconds.export + seconds.verify, copy.warm),
    rate("conversion to warm", seconds.convert, copy.hot),
    size("a month of orders, warm", bytes.warm),
    size("a month of orders, cold", bytes.cold),
    {
      what: `memory for ${smaller} times the rows`,
      against: "memory for the rows",
      unit: "MiB",
      ours: many.peak / 2 ** 20,
      theirs: few.peak / 2 ** 20,
      ratio: many.peak / few.peak,
      target: { atMost: 1.25 },
    },
  ];
}

interface Place {
  readonly servers: BenchServers;
  readonly endpoints: Endpoints;
  readonly client: Client;
  readonly described: Application;
  readonly store: StoreSettings;
}

async function ageMonth(place: Place, month: string, rows: number): Promise<Aged> {
  const { endpoints, client, described, store } = place;
  const partition = `ecommerce.orders_p${month.replaceAll("-", "")}`;
  await fill(client, partition, month, rows);
  const size = async () => {
    const { rows: sizes } = await client.query<{ bytes: number }>(
      "SELECT pg_total_relation_size($1)::float8 AS bytes",
      [partition],
    );
    return sizes[0]?.bytes ?? Number.NaN;
  };
  const later = (months: number) =>
    new Date(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5, 7)) + months, 2));
  const hot = await size();
  const copyHot = await copy(place, partition);
  const convert = await timed(async () => {
    const { problems } = await convertWarm({ client, application: described, now: later(5), tell: () => {} });
    if (problems[0]) throw new Error(problems[0].what);
  });
  const warm = await size();
  const copyWarm = await copy(place, partition);
  const began = new Map<string, number>();
  const peak = new Peak();
  const { failures } = await runLifecycle({
    endpoint: endpoints.postgres,
    store: await openStore(store),
    tables: agingTablesOf(described),
    eventSchemas: [],
    now: later(14),
    log: () => {},
    beforeStep: async (step) => void began.set(step, performance.now()),
  }).finally(() => peak.stop());
  if (failures[0]) throw failures[0].error;
  const between = (one: string, other: string) => ((began.get(other) ?? Number.NaN) - (began.get(one) ?? 0)) / 1_000;
  const { rows: files } = await client.query<{ bytes: number; rows: number }>(
    `SELECT sum(bytes)::float8 AS bytes, sum(rows)::float8 AS rows FROM tenantry.cold_file WHERE starts_at = $1`,
    [`${month} 00:00:00+00`],
  );
  if (files[0]?.rows !== rows) throw new Error(`${files[0]?.rows} of ${rows} rows were exported`);
  return {
    rows,
    copy: { hot: copyHot, warm: copyWarm },
    seconds: { convert, export: between("exported", "verified"), verify: between("verified", "detached") },
    bytes: { hot, warm, cold: files[0].bytes },
    peak: peak.bytes,
  };
}

/** Fills a month with orders of many tenants, as random as real ones. Foreign keys are not looked at. */
async function fill(client: Client, partition: string, month: string, rows: number): Promise<void> {
  await client.query(`CREATE TABLE IF NOT EXISTS ${partition} PARTITION OF ecommerce.orders
    FOR VALUES FROM ('${month} 00:00:00+00') TO (timestamptz '${month} 00:00:00+00' + interval '1 month')`);
  await client.query("SET session_replication_role = replica");
  await client.query(
    `INSERT INTO ${partition} (tenant_id, placed_at, customer_id, status, currency, total, shipping_country, updated_at)
     SELECT md5('tenant' || i % ${tenants})::uuid, at, md5('customer' || i % 20000)::uuid,
       (ARRAY['placed', 'paid', 'shipped', 'delivered', 'cancelled'])[1 + i % 5], (ARRAY['EUR', 'USD', 'CHF'])[1 + i % 3],
       (random() * 1000)::numeric(14, 2), (ARRAY['AT', 'DE', 'CH', 'FR'])[1 + i % 4], at + random() * interval '3 days'
     FROM generate_series(1, ${rows}) AS i,
       LATERAL (SELECT timestamptz '${month} 00:00:00+00' + (i::float8 / ${rows}) * interval '27 days' AS at) AS placed`,
  );
  await client.query("RESET session_replication_role");
  await client.query(`VACUUM ANALYZE ${partition}`);
}

/** Seconds in which psql copies the partition to a file. */
async function copy({ servers, endpoints }: Place, partition: string): Promise<number> {
  const target = mkdtempSync(join(tmpdir(), "tenantry-bench-copy-"));
  const file = join(target, "rows");
  try {
    const took = await timed(() =>
      runPostgres(servers, endpoints, "psql", ["-X", "-q", "-c", `\\copy ${partition} TO '${file}'`]),
    );
    if (statSync(file).size === 0) throw new Error(`no row of ${partition} was copied`);
    return took;
  } finally {
    rmSync(target, { recursive: true, force: true });
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1_000;
}

/** The largest resident memory of this process while it is watched. */
class Peak {
  bytes = process.memoryUsage().rss;
  private readonly timer = setInterval(() => {
    this.bytes = Math.max(this.bytes, process.memoryUsage().rss);
  }, 20);

  stop(): void {
    clearInterval(this.timer);
  }
}
