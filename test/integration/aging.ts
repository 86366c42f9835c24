import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { ForeignKey } from "../../architecture/application";
import type { AgingTable } from "../../lifecycle/aging-tables";
import { type LifecycleResult, type LifecycleRun, runLifecycle } from "../../lifecycle/lifecycle-run";
import { distributedTable } from "../../provider/resources/distributed-table";
import { partitionSet } from "../../provider/resources/partition-set";
import { tenantIsolation } from "../../provider/resources/tenant-isolation";
import { openStore } from "../../store/open-store";
import type { Store } from "../../store/store";
import { lasting } from "../unit/lasting";
import { type DataPlaneDatabase, dataPlaneDatabase } from "./data-plane-database";

/** A database whose tables age, and a folder for what is cold. */
export interface AgingDatabase extends DataPlaneDatabase {
  readonly store: Store;
  readonly folder: string;
  readonly tables: AgingTable[];
  /** Lines that runs logged. */
  readonly lines: string[];
  /** Creates `ecommerce.NAME`, partitioned by month of `at`, isolated and exported, with partitions from January 2023 on. */
  addTable(
    name: string,
    columns: string,
    options?: { months?: number; foreignKeys?: readonly ForeignKey[] },
  ): Promise<void>;
  run(options?: Partial<LifecycleRun>): Promise<LifecycleResult>;
}

export async function agingDatabase(t: TestContext): Promise<AgingDatabase> {
  const plane = await dataPlaneDatabase();
  const folder = await mkdtemp(join(tmpdir(), "tenantry-cold-"));
  t.after(async () => {
    await plane.close();
    await rm(folder, { recursive: true, force: true });
  });
  const store = await openStore({ folder, prefix: "shop/test" });
  const tables: AgingTable[] = [];
  const lines: string[] = [];
  return {
    ...plane,
    store,
    folder: join(folder, "shop/test"),
    tables,
    lines,
    async addTable(name, columns, { months = 3, foreignKeys = [] } = {}) {
      const { admin, context } = plane;
      await admin.query(
        `CREATE TABLE ecommerce.${name} (tenant_id uuid NOT NULL, at timestamptz NOT NULL, id int NOT NULL, ${columns},
           PRIMARY KEY (tenant_id, at, id)) PARTITION BY RANGE (at)`,
      );
      await distributedTable.create(context, {
        schema: "ecommerce",
        table: name,
        column: "tenant_id",
        placement: { colocateWith: "ecommerce.tenants" },
        foreignKeys,
      });
      for (let month = 0; month < months; month++) {
        const at = (add: number) => new Date(Date.UTC(2023, month + add, 1)).toISOString().slice(0, 10);
        const partition = `${name}_p${at(0).replaceAll("-", "")}`;
        await admin.query(
          `CREATE TABLE ecommerce.${partition} PARTITION OF ecommerce.${name} FOR VALUES FROM ('${at(0)}') TO ('${at(1)}')`,
        );
      }
      await partitionSet.create(context, {
        schema: "ecommerce",
        table: name,
        by: "at",
        every: lasting("1 month"),
        ahead: 1,
        retention: lasting("50 years"),
        dropAfter: "export",
        exportAfter: lasting("12 months"),
      });
      await tenantIsolation.create(context, {
        schema: "ecommerce",
        table: name,
        column: "tenant_id",
        type: "uuid",
        grants: { ecommerce_app: ["SELECT", "INSERT", "UPDATE", "DELETE"] },
      });
      tables.push({
        schema: "ecommerce",
        table: name,
        tenantColumn: "tenant_id",
        by: "at",
        primaryKey: ["tenant_id", "at", "id"],
        refersTo: foreignKeys.map(({ references }) => references),
      });
    },
    run: (options = {}) =>
      runLifecycle({
        endpoint: plane.endpoint,
        store,
        tables,
        eventSchemas: [],
        log: (line) => void lines.push(line),
        ...options,
      }),
  };
}

/** Fails with the errors of a run. */
export function withoutFailures({ failures, ...result }: LifecycleResult): LifecycleResult {
  const [first] = failures;
  if (first) throw first.error;
  return { failures, ...result };
}
