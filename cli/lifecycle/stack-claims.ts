import { hasClaims } from "../../architecture/data-plane/claim-tables";
import { eventSchemasOf } from "../../lifecycle/aging-tables";
import { type ClaimTables, type CollectedClaims, collectClaims } from "../../lifecycle/claims/claim-collection";
import { connect } from "../../provider/postgres/postgres-connection";
import type { Settings } from "../../settings/settings";
import type { Store } from "../../store/store";
import type { StackDatabase } from "../stack-databases";

interface StackClaims {
  readonly collected: CollectedClaims;
  readonly failures: readonly { readonly what: string; readonly error: unknown }[];
}

const nothing: CollectedClaims = { pruned: 0, deleted: 0, deletedBytes: 0 };

/** Collects the objects of large payloads that no event in any database of the stack refers to. */
export async function collectStackClaims(
  store: Store,
  databases: readonly StackDatabase[],
  settings: Settings,
): Promise<StackClaims> {
  const clients = await Promise.all(databases.map(({ endpoints }) => connect(endpoints.postgres)));
  try {
    const places = databases.flatMap(({ declared }, index) =>
      placesOf(clients[index], declared.applications, settings),
    );
    if (places.length === 0) return { collected: nothing, failures: [] };
    return { collected: await collectClaims(store, places), failures: [] };
  } catch (error) {
    return { collected: nothing, failures: [{ what: "the objects of large payloads", error }] };
  } finally {
    for (const client of clients) await client.end();
  }
}

function placesOf(
  database: ClaimTables["database"] | undefined,
  applications: StackDatabase["declared"]["applications"],
  settings: Settings,
): ClaimTables[] {
  if (!database) return [];
  return applications
    .filter((application) => hasClaims(application, settings))
    .flatMap((application) =>
      eventSchemasOf(application).map((schema) => ({
        database,
        schema,
        column: application.tenant.column,
        ...(application.scope?.tenant && { tenant: application.scope.tenant.id }),
      })),
    );
}
