import { hostname, userInfo } from "node:os";
import type { Command } from "commander";
import { Problems } from "../../common/problem";
import { plainTable } from "../../common/table";
import { agingTablesOf, eventSchemasOf } from "../../lifecycle/aging-tables";
import { type Erasure, erase, planErasure } from "../../lifecycle/erasure/erase";
import type { ErasedByPlace, PersonCondition } from "../../lifecycle/erasure/receipt";
import { LifecycleBusy } from "../../lifecycle/lifecycle-lock";
import { openStore } from "../../store/open-store";
import { type StackDatabase, withDatabases } from "../stack-databases";

import { busyStatus, onTenant, print, type TenantFlags, tell } from "./options";

interface EraseFlags extends TenantFlags {
  readonly where: readonly PersonCondition[];
  readonly yes?: true;
}

/** `tenantry lifecycle erase` */
export function eraseCommand(): Command {
  return onTenant(
    "erase",
    "Erase a tenant, or a person inside it, in every tier, and write a receipt. Without --yes it only counts.",
  )
    .option<PersonCondition[]>(
      "--where <COLUMN=VALUE>",
      "only rows with this value, such as customer_id=42; TABLE.COLUMN=VALUE for one table; several times: rows with any of them",
      (text, all) => [...all, condition(text)],
      [],
    )
    .option("--yes", "erase; this can't be undone")
    .action(eraseTenant);
}

async function eraseTenant({ stack, json, tenant, where, yes }: EraseFlags): Promise<void> {
  await withDatabases(stack, tell, async (databases, settings) => {
    const store = settings.store && (await openStore(settings.store));
    const scope = { tenant, ...(where.length > 0 && { person: where }) };
    const results = [];
    for (const each of databases) {
      const erasure: Erasure = {
        ...placeOf(each),
        store,
        scope,
        by: `${userInfo().username}@${hostname()}`,
        log: tell,
      };
      try {
        const database = each.declared.name;
        if (!yes) results.push({ database, erased: await planErasure(erasure) });
        else {
          const { id, erased } = await erase(erasure);
          results.push({ database, receipt: id, erased });
        }
      } catch (error) {
        if (error instanceof LifecycleBusy) process.exitCode = busyStatus;
        throw error;
      }
    }
    if (json) {
      print(JSON.stringify({ stack, tenant, isErased: yes === true, databases: results }, undefined, 2));
      return;
    }
    for (const { database, receipt, erased } of results) print(report(database, receipt, erased));
    if (!yes) print("Nothing was erased. To erase this, add --yes; it can't be undone.");
  });
}

function placeOf({ declared, endpoints }: StackDatabase) {
  const { applications } = declared;
  return {
    endpoint: endpoints.postgres,
    schemas: [...new Set(applications.flatMap((each) => [each.schema, ...eventSchemasOf(each)]))],
    tenantColumn: applications[0]?.tenant.column ?? "tenant_id",
    tables: applications.flatMap(agingTablesOf),
  };
}

function report(database: string, receipt: string | undefined, erased: ErasedByPlace): string {
  const rows = Object.entries(erased).map(([place, { rows, files, bytes }]) => [
    place,
    ...[rows, files, bytes].map((count) => (count === undefined ? "" : String(count))),
  ]);
  const what = rows.length > 0 ? plainTable(["place", "rows", "files", "bytes"], rows) : "Nothing was found.";
  return `${database}${receipt ? `, receipt ${receipt}` : ""}\n${what}`;
}

/** Reads `COLUMN=VALUE` or `TABLE.COLUMN=VALUE`. */
function condition(text: string): PersonCondition {
  const [, name, column, value] = /^(?:([^.=]+)\.)?([^.=]+)=(.+)$/s.exec(text) ?? [];
  if (column && value !== undefined) return { ...(name && { table: name }), column, value };
  throw new Problems([
    {
      what: "--where names no column and value",
      got: text,
      expected: "COLUMN=VALUE or TABLE.COLUMN=VALUE, such as `customer_id=42`",
      fix: "correct --where",
    },
  ]);
}
