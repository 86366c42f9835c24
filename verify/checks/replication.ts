import type { Inputs } from "../../architecture/data-plane/declaration";
import { outbox, publishedColumns } from "../../architecture/data-plane/outbox-table";
import { countShards } from "../../provider/citus/shard-holdings";
import { connect } from "../../provider/postgres/postgres-connection";
import { readPublication, sameColumns } from "../../provider/postgres/publication";
import { type Reader, readerOf } from "../../provider/postgres/sql-statements";
import type { Check } from "../check";
import { type Finding, fail, judge, warn } from "../finding";
import type { Target } from "../target";

/** Unconfirmed WAL above which a slot is late for more than a moment. */
const mostLagBytes = 64 * 2 ** 20;
/** Time in which a slot may have no reader: a restarting connector is away for a moment. */
const patienceMs = 10_000;

/** Checks the publication on every node, and that each slot is read. */
export const replication: Check = {
  name: "replication",
  scope: "database",
  claim:
    "the publication has the router's columns, every node's slot is read without much lag, and no other one is left unread",
  async run(target) {
    const nodes = target.declarations.flatMap(({ noun, inputs }) => (noun === "ReplicationSlot" ? [inputs] : []));
    const findings: Finding[] = [];
    for (const inputs of nodes) findings.push(...(await checkNode(target, inputs)));
    if (target.citus && nodes.length > 0) findings.push(...(await unreadNodes(target)));
    return findings;
  },
};

/** Nodes that hold shards but have no slot, because they were added by hand, or are still listed as emptied. */
async function unreadNodes({ admin }: Target): Promise<readonly Finding[]> {
  const read = readerOf(admin);
  const shards = await countShards(read);
  const bare = await read<{ node: number; name: string }>(
    "SELECT node, name FROM tenantry.replication_positions() WHERE slots = '{}' ORDER BY node",
  );
  return bare
    .filter(({ node }) => shards.has(node))
    .map(({ node, name }) =>
      fail(name, `holds ${shards.get(node)} shard groups and has no slot: their events are read by nobody`),
    );
}

async function checkNode(target: Target, { node, slot }: Inputs["ReplicationSlot"]): Promise<readonly Finding[]> {
  let client: Awaited<ReturnType<typeof connect>>;
  try {
    client = await connect({ ...target.endpoints.postgres, host: node.host, port: node.port });
  } catch (error) {
    return [fail(slot, `the node ${node.name} can't be reached: ${(error as Error).message.split("\n", 1)[0]}`)];
  }
  try {
    const wrong: string[] = [];
    for (const { schema } of target.declarations.flatMap(({ noun, inputs }) => (noun === "Outbox" ? [inputs] : []))) {
      wrong.push(...(await checkPublication(readerOf(client), target, schema)));
    }
    const others = await readOtherSlots(client, slot);
    return [
      judge(
        `${outbox.publication} on ${node.name}`,
        wrong,
        "inserts of the outbox, the router's columns, the root's name",
      ),
      await checkSlot(client, slot),
      ...others.map((other) => judgeOther(node.name, other)),
    ];
  } finally {
    await client.end();
  }
}

async function checkPublication(read: Reader, target: Target, schema: string | undefined): Promise<readonly string[]> {
  const found = await readPublication(read, {
    name: outbox.publication,
    table: { schema: schema ?? outbox.schema, table: outbox.table },
    isShared: schema !== undefined,
  });
  if (!found) return ["there is no such publication"];
  const wrong: string[] = [];
  const of = schema === undefined ? "" : ` of ${schema}`;
  if (!found.asDeclared) wrong.push("it publishes more than the outbox's inserts, or partitions under their own names");
  const columns = publishedColumns(target.application.tenant.column);
  if (!sameColumns(found.columns, columns)) {
    wrong.push(`its columns${of} are ${found.columns?.join(", ") ?? "none"}, not ${columns.join(", ")}`);
  }
  return wrong;
}

interface Slot extends Retained {
  readonly active: boolean;
  readonly wal: string | null;
  readonly lag: string | null;
}

/** WAL that a slot retains, in bytes. */
interface Retained {
  readonly retained: number;
  /** `max_slot_wal_keep_size`, above which PostgreSQL removes WAL that the slot needs. Null if unlimited. */
  readonly limit: number | null;
}

const retainedSql = `(pg_current_wal_lsn() - restart_lsn)::float8 AS retained,
  (SELECT nullif(setting::float8, -1) * 1048576 FROM pg_settings WHERE name = 'max_slot_wal_keep_size') AS limit`;

async function checkSlot(client: Awaited<ReturnType<typeof connect>>, slot: string): Promise<Finding> {
  for (const deadline = Date.now() + patienceMs; ; await new Promise((resolve) => setTimeout(resolve, 500))) {
    const { rows } = await client.query<Slot>(
      `SELECT active, wal_status AS wal, (pg_current_wal_lsn() - confirmed_flush_lsn)::text AS lag, ${retainedSql}
       FROM pg_replication_slots WHERE slot_name = $1`,
      [slot],
    );
    const [found] = rows;
    if (!found) return fail(slot, "the slot is not there");
    if (!found.active && Date.now() < deadline) continue;
    const wrong: string[] = [];
    if (!found.active) wrong.push("nobody reads it");
    if (found.wal === "lost") wrong.push("PostgreSQL has removed WAL that it needed");
    const lag = Number(found.lag ?? 0);
    if (lag > mostLagBytes) wrong.push(`lags ${mebibytes(lag)} behind`);
    const near = nearLimit(found);
    if (near !== undefined) wrong.push(near);
    return judge(slot, wrong, `active, ${mebibytes(lag)} behind`);
  }
}

/** From half of the limit on, less time is left than has passed. */
export function nearLimit({ retained, limit }: Retained): string | undefined {
  if (limit === null || retained < limit / 2) return undefined;
  return `keeps ${mebibytes(retained)} of the ${mebibytes(limit)} that max_slot_wal_keep_size allows, then it loses events`;
}

interface OtherSlot extends Retained {
  readonly name: string;
}

/** Slots without a reader that this stack does not declare, of this database or of a standby server. */
async function readOtherSlots(client: Awaited<ReturnType<typeof connect>>, own: string): Promise<readonly OtherSlot[]> {
  const { rows } = await client.query<OtherSlot>(
    `SELECT slot_name AS name, ${retainedSql} FROM pg_replication_slots
     WHERE NOT active AND NOT temporary AND slot_name <> $1 AND (database IS NULL OR database = current_database())
       AND restart_lsn IS NOT NULL ORDER BY 1`,
    [own],
  );
  return rows;
}

export function judgeOther(node: string, { name, ...retained }: OtherSlot): Finding {
  const near = nearLimit(retained);
  const keeps =
    near ?? `keeps ${mebibytes(retained.retained)} of the log${retained.limit === null ? ", without a limit" : ""}`;
  return warn(
    name,
    `nobody reads this slot on ${node}, and it is not this stack's: ${keeps}; start its reader, or SELECT pg_drop_replication_slot('${name.replaceAll("'", "''")}')`,
  );
}

const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
