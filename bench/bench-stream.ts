import { join } from "node:path";
import type { Client } from "pg";
import { loadApplication } from "../architecture/application-loader";
import { renderOutboxConnector } from "../architecture/data-plane/outbox-connector";
import type { Endpoints } from "../architecture/endpoints";
import { Problems } from "../common/problem";
import { root } from "../common/system/checkout";
import { openConnect } from "../provider/connect/connect-client";
import type { Connect, ConnectorConfig } from "../provider/connect/connect-state";
import { benchSettings, sqlFor } from "./application-sql";
import { removeConnector, untilStopped } from "./connector-removal";
import { until } from "./patience";
import { type BenchServers, runScript } from "./servers";

/** The application whose outbox is read. */
export const application = "ecommerce";
const folder = join(root, "sql", application);

/** Creates the application's tables with its outbox and publication, and a procedure that fills the outbox. */
export async function prepareOutbox(servers: BenchServers, endpoints: Endpoints, client: Client): Promise<void> {
  const script = await sqlFor(folder, benchSettings(application, endpoints), endpoints);
  await runScript(servers, endpoints, script);
  await client.query(loadProcedure);
}

/** Writes each event in its own transaction, as applications do. The payload is that of an order with one item. */
const loadProcedure = `
CREATE PROCEDURE public.load_outbox(events int) LANGUAGE plpgsql AS $$
DECLARE
  tenant uuid := gen_random_uuid();
BEGIN
  FOR i IN 1..events LOOP
    IF i % 50 = 0 THEN tenant := gen_random_uuid(); END IF;
    INSERT INTO tenantry.outbox (tenant_id, aggregate_type, aggregate_id, type, payload)
    VALUES (tenant, 'order', gen_random_uuid()::text, 'OrderPlaced', jsonb_build_object(
      'orderId', gen_random_uuid(), 'customerId', tenant, 'total', 12.50, 'currency', 'EUR',
      'items', jsonb_build_array(jsonb_build_object('sku', 'ABC-1', 'qty', 2, 'price', 6.25))));
    COMMIT;
  END LOOP;
END $$`;

/** Throws Problems on Citus: there each worker's connector sends a part of the events, so there is no single log to compare with. */
export function requireOneNode({ citus }: BenchServers): void {
  if (!citus) return;
  throw new Problems([
    {
      what: "Events are measured on plain PostgreSQL",
      got: "a PostgreSQL with Citus",
      expected: "one log, which `pg_recvlogical` and the connector both read",
      fix: "set TENANTRY_PG_BIN to a PostgreSQL without Citus and delete `.tenantry/bench`, or leave out these benchmarks with `--only`",
    },
  ]);
}

/** The configuration of tenantry's own connector. */
export async function ourConnector(endpoints: Endpoints, consistency: "strong" | "eventual") {
  const loaded = await loadApplication(folder);
  const settings = benchSettings(application, endpoints, consistency);
  const [node] = endpoints.postgres.nodes;
  if (!node) throw new Error("the servers have no node with an outbox");
  return renderOutboxConnector(loaded.application, settings, node);
}

/** A connector with its slot. */
export interface Stream {
  readonly connect: Connect;
  readonly connector: string;
  pause(): Promise<void>;
  resume(): Promise<void>;
}

/** Creates slot and connector, runs the work, and removes both with the offsets. */
export async function withStream<T>(
  endpoints: Endpoints,
  client: Client,
  { connector, config }: { readonly connector: string; readonly config: ConnectorConfig },
  work: (stream: Stream) => Promise<T>,
): Promise<T> {
  const slot = config["slot.name"] ?? "";
  const connect = openConnect(endpoints.connect);
  await client.query("SELECT pg_create_logical_replication_slot($1, 'pgoutput')", [slot]);
  try {
    await connect.put(connector, config);
    await untilRunning(connect, connector);
    return await work({
      connect,
      connector,
      async pause() {
        await connect.stop(connector);
        await untilStopped(connect, connector);
      },
      resume: () => connect.resume(connector),
    });
  } finally {
    await removeConnector(connect, connector);
    await dropSlot(client, slot);
  }
}

async function untilRunning(connect: Connect, name: string): Promise<void> {
  await until(`the connector ${name} runs`, async () => {
    const status = await connect.status(name);
    const failed = status?.tasks.find(({ state }) => state === "FAILED");
    if (failed) throw new Error(`${name}: ${failed.trace?.split("\n", 1)[0]}`);
    return status?.connector === "RUNNING" && status.tasks.length > 0 && status.tasks.every(isRunning);
  });
}

function isRunning({ state }: { readonly state: string }): boolean {
  return state === "RUNNING";
}

/** Drops the slot when it is free: the walsender notices only after a moment that its client has gone. */
async function dropSlot(client: Client, slot: string): Promise<void> {
  await until(`the slot ${slot} is free`, async () => {
    const query =
      "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1 AND NOT active";
    await client.query(query, [slot]);
    const { rowCount } = await client.query("SELECT FROM pg_replication_slots WHERE slot_name = $1", [slot]);
    return rowCount === 0;
  });
}
