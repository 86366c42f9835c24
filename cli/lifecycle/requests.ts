import { Command } from "commander";
import type { Client } from "pg";
import { Problems } from "../../common/problem";
import { plainTable } from "../../common/table";
import {
  type ColdRequest,
  cancelRequest,
  hasRequests,
  type RequestPlace,
  readRequests,
  requestPlacesOf,
} from "../../lifecycle/retrieval/cold-request";
import { serveOnce, serveRequests } from "../../lifecycle/retrieval/retrieval-worker";
import { connect } from "../../provider/postgres/postgres-connection";
import { type StackDatabase, withDatabases } from "../stack-databases";
import { onStack, print, type StackFlags, tell } from "./options";
import { storeOf } from "./stack-store";

/** The time between two looks for requests. */
const pollMs = 2_000;

/** `tenantry lifecycle requests …` */
export function requestsCommand(): Command {
  return new Command("requests")
    .description("The tenants' requests for cold rows.")
    .addCommand(
      onStack("serve", "Fetch what tenants ask for, until it is stopped. Several may run at once.")
        .option("--once", "serve what is open now, and end")
        .action(serve),
    )
    .addCommand(onStack("list", "Show the requests, and what became of them.").action(list))
    .addCommand(
      onStack("cancel", "Cancel a request; the worker drops what it has restored.")
        .argument("<id>", "the request's id")
        .action(cancel),
    );
}

async function serve({ stack, once }: StackFlags & { readonly once?: true }): Promise<void> {
  const stopping = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stopping.abort());
  await withDatabases(stack, tell, async (databases, settings) => {
    const store = await storeOf(settings);
    const serving = databases.map((database) =>
      onPlaces(database, async (client, places) => {
        const context = { client, store, places, tell, signal: stopping.signal };
        if (!once) return serveRequests(context, pollMs);
        const { failures } = await serveOnce(context);
        if (failures.length > 0) process.exitCode = 1;
      }),
    );
    await Promise.all(serving);
  });
}

async function list({ stack, json }: StackFlags): Promise<void> {
  await withDatabases(stack, tell, async (databases) => {
    const found: (ColdRequest & { readonly database: string; readonly error: string | null })[] = [];
    for (const database of databases) {
      await onPlaces(database, async (client, places) => {
        for (const place of places) {
          if (!(await hasRequests(client, place))) continue;
          for (const request of await readRequests(client, place, "all")) {
            found.push({ database: database.declared.name, ...request, error: await errorOf(client, request) });
          }
        }
      });
    }
    if (json) return print(JSON.stringify({ stack, requests: found }, undefined, 2));
    if (found.length === 0) return print("No tenant has asked for cold rows.");
    print(
      plainTable(
        ["id", "tenant", "table", "from", "until", "form", "state", "files", "rows", "error"],
        found.map((each) => [
          ...[each.id, each.tenant, each.table, each.from, each.until, each.form, each.state],
          ...[`${each.filesDone}/${each.files}`, String(each.rowsDone), (each.error ?? "").split("\n", 1)[0] ?? ""],
        ]),
      ),
    );
  });
}

async function errorOf(client: Client, { id }: ColdRequest): Promise<string | null> {
  const { rows } = await client.query<{ error: string }>(
    "SELECT error FROM tenantry.cold_request_failure WHERE request_id = $1",
    [id],
  );
  return rows[0]?.error ?? null;
}

async function cancel(id: string, { stack }: StackFlags): Promise<void> {
  await withDatabases(stack, tell, async (databases) => {
    let isCancelled = false;
    for (const database of databases) {
      await onPlaces(database, async (client, places) => {
        for (const place of places) {
          if (await hasRequests(client, place)) isCancelled = (await cancelRequest(client, place, id)) || isCancelled;
        }
      });
    }
    if (!isCancelled) {
      throw new Problems([
        {
          what: "There is no open request for cold rows with this id",
          got: id.slice(0, 80),
          fix: `see \`tenantry lifecycle requests list -s ${stack}\``,
        },
      ]);
    }
    print("The request is cancelled.");
  });
}

async function onPlaces(
  { declared, endpoints }: StackDatabase,
  work: (client: Client, places: readonly RequestPlace[]) => Promise<void>,
): Promise<void> {
  const client = await connect(endpoints.postgres);
  try {
    await work(client, declared.applications.flatMap(requestPlacesOf));
  } finally {
    await client.end();
  }
}
