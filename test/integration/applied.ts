import { join } from "node:path";
import type { Application } from "../../architecture/application";
import { loadApplication } from "../../architecture/application-loader";
import { dataPlane } from "../../architecture/data-plane/data-plane";
import type { Declaration } from "../../architecture/data-plane/declaration";
import type { Endpoints } from "../../architecture/endpoints";
import { openConnect } from "../../provider/connect/connect-client";
import { openDatabase } from "../../provider/postgres/postgres";
import type { Context } from "../../provider/protocol/resource-context";
import { resourceHandlers } from "../../provider/protocol/resource-handlers";
import type { StoreSettings } from "../../store/store-settings";
import { externalSettings } from "../unit/external-settings";

export interface Applied {
  readonly application: Application;
  readonly declarations: readonly Declaration[];
}

export interface ApplyOptions {
  /** Kinds of declarations that are left out. @default none */
  readonly without?: readonly Declaration["noun"][];
  /** @default 4 */
  readonly shardCount?: number;
  /** @default none: rows with tiers stay in the database */
  readonly store?: StoreSettings;
}

/** Applies an application of `sql/` to these servers as `pulumi up` would, one declaration after another. */
export async function applyApplication(
  name: string,
  endpoints: Endpoints,
  { without = [], shardCount = 4, store }: ApplyOptions = {},
): Promise<Applied> {
  const { application, base } = await loadApplication(join(__dirname, "..", "..", "sql", name));
  const settings = externalSettings({ application: name, shardCount, endpoints, ...(store && { store }) });
  const all = dataPlane(application, base, settings, endpoints.postgres.nodes);
  const declarations = all.filter(({ noun }) => !without.includes(noun));
  const database = openDatabase(endpoints.postgres, { citus: "auto" });
  const context: Context = {
    database,
    connect: openConnect(endpoints.connect),
    allow: new Set(),
    log: () => {},
    warn: () => {},
    signal: new AbortController().signal,
  };
  try {
    for (const declaration of declarations) {
      const handler = resourceHandlers.get(declaration.noun);
      if (!handler) throw new Error(`no kind of resource is called ${declaration.noun}`);
      await handler.create(context, declaration.inputs);
    }
  } finally {
    await database.close();
  }
  return { application, declarations };
}
