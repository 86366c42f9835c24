import type { Declaration } from "../../architecture/data-plane/declaration";
import { openConnect } from "../../provider/connect/connect-client";
import { openDatabase } from "../../provider/postgres/postgres";
import type { Context } from "../../provider/protocol/resource-context";
import { resourceHandlers } from "../../provider/protocol/resource-handlers";
import { nodeId } from "../../provider/resources/citus-node";
import { slotId } from "../../provider/resources/replication-slot";
import type { Check } from "../check";
import { type Finding, fail, pass } from "../finding";

/** Compares the stack's declarations with the servers, as `pulumi refresh` does. */
export const drift: Check = {
  name: "drift",
  scope: "database",
  claim: "everything declared is there as declared",
  async run({ endpoints, declarations }) {
    const database = openDatabase(endpoints.postgres, { citus: "auto" });
    const context: Context = {
      database,
      connect: openConnect(endpoints.connect, { refusedPatienceMs: 2_000, startPatienceMs: 10_000 }),
      allow: new Set(),
      log: () => {},
      warn: () => {},
      signal: new AbortController().signal,
    };
    try {
      const findings: Finding[] = [];
      for (const declaration of declarations) findings.push(...(await compare(context, declaration)));
      if (findings.length > 0) return findings;
      return [pass("declarations", `${declarations.length} declared, all as declared`)];
    } finally {
      await database.close();
    }
  },
};

async function compare(context: Context, declaration: Declaration): Promise<readonly Finding[]> {
  const handler = resourceHandlers.get(declaration.noun);
  if (!handler) throw new Error(`no kind of resource is called ${declaration.noun}`);
  const subject = `${declaration.noun} ${declaration.name}`;
  try {
    // A refresh reads with the stored state, which equals the declaration when it was applied.
    const found = await handler.read(context, idOf(declaration), declaration.inputs);
    if (!found) return [fail(subject, "declared, but not there: run `tenantry up --refresh`")];
    const changes = handler.diff(found, declaration.inputs, context.database.endpoint);
    if (changes.length === 0) return [];
    return [
      fail(
        subject,
        `differs from its declaration in ${changes.map(({ path }) => path).join(", ")}: run \`tenantry up --refresh\``,
      ),
    ];
  } catch (error) {
    return [fail(subject, `could not be read: ${(error as Error).message.split("\n", 1)[0]}`)];
  }
}

/** Id that `pulumi import` takes. */
function idOf(declaration: Declaration): string {
  switch (declaration.noun) {
    case "Migration":
      return declaration.inputs.path;
    case "CitusNode":
      return nodeId(declaration.inputs.node);
    case "ReplicationSlot":
      return slotId(declaration.inputs);
    case "Connector":
      return declaration.inputs.connector;
    case "TenantDatabase":
      return declaration.inputs.database;
    default:
      return declaration.tenant === undefined
        ? declaration.name
        : declaration.name.slice(0, declaration.name.lastIndexOf("@"));
  }
}
