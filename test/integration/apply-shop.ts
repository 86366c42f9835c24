import { createHash } from "node:crypto";
import type { PostgresEndpoint } from "../../architecture/endpoints";
import type { Connect } from "../../provider/connect/connect-state";
import { openDatabase } from "../../provider/postgres/postgres";
import type { Context } from "../../provider/protocol/resource-context";
import { distributedTable } from "../../provider/resources/distributed-table";
import { migration } from "../../provider/resources/migration";
import { referenceTable } from "../../provider/resources/reference-table";
import { tenantIsolation } from "../../provider/resources/tenant-isolation";

/**
 * A process that applies a small application, whatever already exists, until `kill.test.ts` kills it. Prints `ready`
 * when it starts and `done` when it has finished.
 */
async function main(endpoint: PostgresEndpoint): Promise<void> {
  const database = openDatabase(endpoint);
  const silent = () => {};
  const context: Context = {
    ...{ database, connect: {} as Connect, allow: new Set(), log: silent, warn: silent },
    signal: new AbortController().signal,
  };
  process.stdout.write("ready\n");
  await migration.create(
    context,
    file("sql/shop/010_tables.sql", true, [
      "CREATE TABLE countries (code text PRIMARY KEY)",
      "CREATE TABLE tenants (tenant_id uuid PRIMARY KEY, country text)",
      "CREATE TABLE orders (tenant_id uuid, at date, PRIMARY KEY (tenant_id, at)) PARTITION BY RANGE (at)",
      "CREATE TABLE orders_1 PARTITION OF orders FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
      "INSERT INTO countries VALUES ('NO')",
      "INSERT INTO tenants SELECT gen_random_uuid(), 'NO' FROM generate_series(1, 5000)",
      "INSERT INTO orders SELECT tenant_id, '2026-05-05' FROM tenants",
    ]),
  );
  const grants = { shop_app: ["SELECT"], shop_agent: ["SELECT"] } as const;
  await referenceTable.create(context, { schema: "shop", table: "countries", foreignKeys: [], grants });
  const references = (table: string, column: string, target: string) => [
    {
      name: `${table}_${column}_fkey`,
      columns: [column],
      references: { schema: "shop", table: target, columns: [column === "country" ? "code" : column] },
      actions: "",
    },
  ];
  const tables = [
    { table: "tenants", placement: { shardCount: 4 }, foreignKeys: references("tenants", "country", "countries") },
    {
      table: "orders",
      placement: { colocateWith: "shop.tenants" },
      foreignKeys: references("orders", "tenant_id", "tenants"),
    },
  ];
  for (const table of tables) {
    await distributedTable.create(context, { schema: "shop", column: "tenant_id", ...table });
    const { table: name } = table;
    await tenantIsolation.create(context, { schema: "shop", table: name, column: "tenant_id", type: "uuid", grants });
  }
  await migration.create(
    context,
    file("sql/shop/020_indexes.sql", false, [
      "CREATE INDEX CONCURRENTLY tenants_country ON tenants (country)",
      "CREATE TABLE notes (id int)",
      "INSERT INTO notes VALUES (1)",
      "CREATE INDEX CONCURRENTLY notes_id ON notes (id)",
      "INSERT INTO notes VALUES (2)",
    ]),
  );
  await database.close();
  process.stdout.write("done\n");
}

function file(path: string, transaction: boolean, statements: readonly string[]) {
  const hash = createHash("sha256").update(statements.join()).digest("hex");
  const placed = statements.map((sql, index) => ({ sql, line: index + 1 }));
  return { path, hash, statements: placed, transaction, schema: "shop", apply: "once" } as const;
}

process.stdin.once("data", (endpoint) => void main(JSON.parse(endpoint.toString()) as PostgresEndpoint));
