import { z } from "zod";
import type { RoleBoundaryInputs } from "../../architecture/data-plane/declaration";
import type { PostgresEndpoint, PostgresNode } from "../../architecture/endpoints";
import { reaches, reservedFunctions } from "../../architecture/reserved-functions";
import { quoteIdentifier, quoteLiteral } from "../../common/identifier";
import { holdersOf } from "../boundary/function-rights";
import type { Gap } from "../boundary/gap";
import { mendsOf, readBoundary } from "../boundary/role-boundary";
import { type Reader, readerOf, runStatements } from "../postgres/sql-statements";
import { identifier, node } from "../protocol/input-schemas";
import type { Context } from "../protocol/resource-context";
import type { ResourceHandler } from "../protocol/resource-handler";

interface RoleBoundaryState extends RoleBoundaryInputs {
  /**
   * Gaps that can be closed, by role or guard, with the name of another node: `PUBLIC on worker_1`. Empty if there
   * are none.
   */
  readonly gaps: Readonly<Record<string, readonly string[]>>;
  /** Gaps that only somebody else can close, such as the owner of pg_catalog on a managed service. */
  readonly beyond: Readonly<Record<string, readonly string[]>>;
}

/**
 * Limits of an application's roles beyond grants on tables: the functions that they may call, the roles that they may
 * become, the objects that they own and the settings of their sessions. It also holds the event trigger that isolates
 * new partitions. It covers every node, in one database.
 */
export const roleBoundary: ResourceHandler<RoleBoundaryInputs, RoleBoundaryState> = {
  noun: "RoleBoundary",

  inputs: z.object({
    nodes: z.array(node),
    schemas: z.array(identifier),
    roles: z.record(
      identifier,
      z.object({
        replicates: z.literal(true).exactOptional(),
        reaches: z.array(z.enum(reaches)),
        settings: z.record(z.string(), z.string()),
      }),
    ),
  }) satisfies z.ZodType<RoleBoundaryInputs>,

  /** Reads only the coordinator. A refresh reads the other nodes. */
  async readLive({ read }, old) {
    const here = { name: "coordinator", isCoordinator: true };
    const { gaps } = asState(old, [{ place: here, gaps: await readBoundary(read, old, true) }]);
    const elsewhere = Object.entries(old.gaps).filter(([subject]) =>
      old.nodes.some(({ name }) => subject.endsWith(` on ${name}`)),
    );
    return { ...old, gaps: { ...Object.fromEntries(elsewhere), ...gaps } };
  },

  diff(old, next) {
    const update = (path: string) => ({ path, how: "update" as const });
    const names = ({ nodes }: RoleBoundaryInputs) =>
      nodes.map(({ name, host, port }) => `${name}@${host}:${port}`).join();
    const bound = ({ roles }: RoleBoundaryInputs, role: string) => JSON.stringify(sorted(roles[role]));
    const users = [...new Set([...Object.keys(old.roles), ...Object.keys(next.roles)])].sort();
    return [
      ...(names(old) === names(next) ? [] : [update("nodes")]),
      ...(old.schemas.join() === next.schemas.join() ? [] : [update("schemas")]),
      ...users.filter((role) => bound(old, role) !== bound(next, role)).map((role) => update(`roles["${role}"]`)),
      ...Object.keys(old.gaps).map((subject) => update(`gaps["${subject}"]`)),
    ];
  },

  preview(old, next) {
    if (!next) return old ? ["-- what the roles may not do stays so"] : [];
    return [...knownGaps(old), ...previewFunctions(next)];
  },

  async previewLive(read, old, next) {
    if (!next) return roleBoundary.preview(old, next);
    const mends = mendsOf(await readBoundary(read, next, true));
    return [...knownGaps(old), ...mends, ...(next.nodes.length > 1 ? ["-- on other nodes, what is open there"] : [])];
  },

  async create(context, next) {
    return { id: idOf(context), state: await apply(context, next) };
  },

  update: (context, _id, _old, next) => apply(context, next),

  /** Changes nothing: missing roles need no limits, and other roles are safer with them. */
  async delete() {},

  async read(context, _id, old) {
    if (!old) return undefined;
    const found: Found[] = [];
    for (const place of placesOf(context, old.nodes)) {
      const look = (read: Reader) => readBoundary(read, old, place.isCoordinator);
      const gaps = place.isCoordinator
        ? await look(context.database.query.bind(context.database))
        : await context.database.onNode(place, (client) => look(readerOf(client)));
      found.push({ place, gaps });
    }
    return asState(old, found);
  },
};

interface Place extends PostgresNode {
  readonly isCoordinator: boolean;
}

interface Found {
  readonly place: Pick<Place, "name" | "isCoordinator">;
  readonly gaps: readonly Gap[];
}

/**
 * Starts with the coordinator, so that Citus has already propagated its changes. The coordinator may hold no shards
 * and be missing from the nodes.
 */
function placesOf({ database: { endpoint } }: Context, nodes: readonly PostgresNode[]): Place[] {
  const { host, port } = endpoint;
  const others = nodes.filter((each) => each.host !== host || each.port !== port);
  return [
    { name: "coordinator", host, port, isCoordinator: true },
    ...others.map((each) => ({ ...each, isCoordinator: false })),
  ];
}

function idOf({ database: { endpoint } }: { readonly database: { readonly endpoint: PostgresEndpoint } }): string {
  return endpoint.database;
}

async function apply(context: Context, next: RoleBoundaryInputs): Promise<RoleBoundaryState> {
  const { database, warn } = context;
  const found: Found[] = [];
  for (const place of placesOf(context, next.nodes)) {
    const look = (read: Reader) => readBoundary(read, next, place.isCoordinator);
    const plan = (gaps: readonly Gap[]) => mendsOf(gaps).map((sql) => ({ sql }));
    const gaps = place.isCoordinator
      ? await database.settle(look, plan)
      : await database.onNode(place, async (client) => {
          const statements = plan(await look(readerOf(client)));
          // Fixes a gap of one node only there. On plain PostgreSQL the setting has no effect.
          await runStatements(client, [
            { sql: "BEGIN" },
            { sql: "SET LOCAL citus.enable_ddl_propagation = off" },
            ...statements,
          ]);
          await client.query("COMMIT");
          return look(readerOf(client));
        });
    found.push({ place, gaps });
  }
  const state = asState(next, found);
  for (const [subject, seen] of Object.entries(state.beyond)) for (const each of seen) warn(`${subject} ${each}`);
  return state;
}

function asState({ nodes, schemas, roles }: RoleBoundaryInputs, found: readonly Found[]): RoleBoundaryState {
  const all = found.flatMap(({ place, gaps }) =>
    gaps.map((gap) => ({ ...gap, subject: place.isCoordinator ? gap.subject : `${gap.subject} on ${place.name}` })),
  );
  return {
    nodes,
    schemas,
    roles,
    gaps: bySubject(all.filter(isMendable)),
    beyond: bySubject(all.filter((gap) => !isMendable(gap))),
  };
}

const isMendable = ({ mend }: Gap) => mend.length > 0;

function bySubject(gaps: readonly Gap[]): Record<string, readonly string[]> {
  const subjects = [...new Set(gaps.map(({ subject }) => subject))];
  const seenOf = (subject: string) => gaps.filter((gap) => gap.subject === subject).map(({ seen }) => seen);
  return Object.fromEntries(subjects.map((subject) => [subject, seenOf(subject)]));
}

function knownGaps(old: RoleBoundaryState | undefined): readonly string[] {
  return Object.entries(old?.gaps ?? {}).flatMap(([subject, seen]) => seen.map((each) => `-- ${subject} ${each}`));
}

/** Functions by name: their signatures are known only from the server. */
function previewFunctions(next: RoleBoundaryInputs): readonly string[] {
  return [
    "-- on every node:",
    ...reaches.map((group) => inEverySignature(reservedFunctions[group], holdersOf(group, next))),
  ];
}

/** SQL that can be run without changes, like every preview. */
function inEverySignature(
  { functions, extensions = [] }: (typeof reservedFunctions)[keyof typeof reservedFunctions],
  holders: readonly string[],
): string {
  const listed = (names: readonly string[]) => names.map(quoteLiteral).join(", ");
  const grants =
    holders.length > 0 ? [`GRANT EXECUTE ON FUNCTION %s TO ${holders.map(quoteIdentifier).join(", ")}`] : [];
  const statements = [...grants, "REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC"];
  const wanted = [
    ...(functions.length > 0
      ? [`pronamespace = 'pg_catalog'::regnamespace AND proname IN (${listed(functions)})`]
      : []),
    ...(extensions.length > 0
      ? [
          `oid IN (SELECT objid FROM pg_depend JOIN pg_extension ON pg_extension.oid = refobjid
      WHERE classid = 'pg_proc'::regclass AND deptype = 'e' AND extname IN (${listed(extensions)}))`,
        ]
      : []),
  ];
  return `DO $$
DECLARE each regprocedure;
BEGIN
  FOR each IN SELECT oid FROM pg_proc
    WHERE ${wanted.join("\n    OR ")}
  LOOP
${statements.map((statement) => `    EXECUTE format(${quoteLiteral(statement)}, each);`).join("\n")}
  END LOOP;
END $$`;
}

/** Key by key, because Pulumi returns keys in another order than they were declared in. */
function sorted(bound: RoleBoundaryInputs["roles"][string] | undefined) {
  if (!bound) return undefined;
  const { reaches, settings, ...rest } = bound;
  return [Object.entries(rest).toSorted(), reaches.toSorted(), Object.entries(settings).toSorted()];
}
