import type { MigrationInputs } from "../../architecture/data-plane/declaration";
import { runOptIn } from "../../architecture/sql/sql-file";
import type { Problem } from "../../common/problem";
import {
  type Catalogs,
  type Footing,
  heldBy,
  type LeftSession,
  type TouchedRelation,
} from "../postgres/catalog-changes";

/** Effects of a file: the state of the server before it and after it. */
export interface Effects {
  readonly before: Catalogs;
  readonly after: Catalogs;
  readonly session: LeftSession;
}

/**
 * Finds forbidden effects of a file. The caller then rolls back its transaction, or ends the run behind the
 * statement.
 *
 * @param line line of the statement, if only one ran
 */
export function effectProblems(
  file: Pick<MigrationInputs, "path" | "schema" | "tables">,
  { before, after, session }: Effects,
  allow: ReadonlySet<string>,
  line?: number,
): Problem[] {
  // There is no opt-in for the objects that isolation depends on.
  const signed = allow.has(runOptIn(file.path));
  return [
    ...(session.locked
      ? []
      : [{ what: "The file released tenantry's lock", fix: "remove what unlocks, or DISCARD ALL" }]),
    ...relationProblems(file, before.relations, after.relations, session),
    ...footingProblems(file, before.footings, after.footings, session, signed),
  ].map((problem) => ({ ...problem, at: { file: file.path, ...(line !== undefined && { line }) } }));
}

type Found = Omit<Problem, "at">;

function relationProblems(
  file: Declared,
  before: readonly TouchedRelation[],
  after: readonly TouchedRelation[],
  session: LeftSession,
): Found[] {
  const known = new Map(before.map((relation) => [relation.oid, relation]));
  return after.flatMap((relation) => {
    const old = known.get(relation.oid);
    return old ? changeProblems(file, old, relation) : newProblems(file, relation, session);
  });
}

const idOf = ({ schema, name }: Pick<TouchedRelation, "schema" | "name">) => `${schema}.${name}`;
const isolation = "remove what changes it: `up` keeps isolation and privileges as architecture.yaml has them";

type Declared = Pick<MigrationInputs, "schema" | "tables">;

function changeProblems(file: Declared, old: TouchedRelation, now: TouchedRelation): Found[] {
  const id = idOf(old);
  const problems: Found[] = [];
  const differs = (what: string, got: string, expected: string, fix = isolation) =>
    got === expected ? undefined : problems.push({ what, got, expected, fix });
  differs(`The owner of ${id} was changed`, now.owner, old.owner);
  if (now.exposes && !old.exposes) problems.push(exposed(now));
  const kind = kindOf(file, old);
  if (old.enabled || kind === "reference") {
    for (const role of [...new Set([...Object.keys(old.grants), ...Object.keys(now.grants)])].sort()) {
      differs(
        `Privileges of ${role} on ${id} were changed`,
        list(heldBy(now.grants, role)),
        list(heldBy(old.grants, role)),
      );
    }
  } else if (kind === undefined && now.kind !== "v" && Object.keys(old.grants).length === 0) {
    problems.push(...undeclared(now));
  }
  if (!old.enabled) return problems;
  differs(`${id} was moved or renamed`, idOf(now), id, "leave its name: isolation, placement and partitions go by it");
  differs(`Row level security of ${id} was switched`, onOff(now.enabled), onOff(old.enabled));
  differs(`Row level security of ${id} no longer binds its owner`, forced(now.forced), forced(old.forced));
  const policies = [...new Set([...Object.keys(old.policies), ...Object.keys(now.policies)])].sort();
  for (const name of policies) {
    const [was, is] = [old, now].map((each) => (Object.hasOwn(each.policies, name) ? each.policies[name] : undefined));
    if (was === is) continue;
    const how = was === undefined ? "was added, and widens access" : is === undefined ? "was dropped" : "was changed";
    problems.push({ what: `The policy ${name} on ${id} ${how}`, fix: isolation });
  }
  differs(`${id} was made ${now.unlogged ? "UNLOGGED" : "LOGGED"}`, String(now.unlogged), String(old.unlogged));
  differs(`Rules on ${id} were changed`, list(now.rules), list(old.rules), "use a trigger, or the application's code");
  differs(
    `Triggers on ${id} were switched off`,
    list(now.disabledTriggers),
    list(old.disabledTriggers),
    "leave them on",
  );
  return problems;
}

function newProblems(file: Declared, relation: TouchedRelation, { role }: LeftSession): Found[] {
  const id = idOf(relation);
  if (relation.exposes) return [exposed(relation)];
  if (relation.owner !== role) {
    const what = `The new ${id} belongs to another role`;
    return [{ what, got: relation.owner, expected: role, fix: "leave the owner" }];
  }
  if (relation.kind === "v") return [];
  if (relation.ofIsolated) {
    const isIsolated = relation.enabled && relation.forced && Object.keys(relation.policies).length === 1;
    const fix = "put the event trigger tenantry_isolate_partitions back: `tenantry up --refresh`";
    const what = `The new partition ${id} is not isolated: whoever may read it sees every tenant's rows`;
    return isIsolated ? [] : [{ what, fix }];
  }
  return kindOf(file, relation) === undefined ? undeclared(relation) : [];
}

function kindOf({ schema, tables = {} }: Declared, relation: TouchedRelation) {
  return relation.schema === schema && Object.hasOwn(tables, relation.name) ? tables[relation.name] : undefined;
}

/** Table without isolation that other roles than its owner may use. */
function undeclared(relation: TouchedRelation): Found[] {
  const grants = Object.entries(relation.grants);
  if (grants.length === 0) return [];
  return [
    {
      what: `${idOf(relation)} is in no architecture.yaml, so nothing isolates it, and others may use it`,
      got: grants.map(([role, held]) => `${role}: ${held.join(", ")}`).join("; "),
      fix: "create it by CREATE TABLE in a file, and add it to `tables` in architecture.yaml",
    },
  ];
}

function exposed(relation: TouchedRelation): Found {
  return {
    what: `The view ${idOf(relation)} shows every tenant's rows: it reads with its owner's rights`,
    fix: relation.kind === "m" ? "use a view WITH (security_invoker = true)" : "add WITH (security_invoker = true)",
  };
}

const onOff = (on: boolean) => (on ? "on" : "off");
const forced = (is: boolean) => (is ? "FORCE" : "NO FORCE");
const list = (names: readonly string[]) => names.join(", ") || "none";

/** Kinds without an opt-in for a change: without them, the next partition or transaction is not isolated. */
const own: ReadonlySet<Footing["kind"]> = new Set(["function of the toolkit"]);

function footingProblems(
  { path }: Pick<MigrationInputs, "path">,
  before: readonly Footing[],
  after: readonly Footing[],
  session: LeftSession,
  signed: boolean,
): Found[] {
  const key = ({ kind, object }: Footing) => `${kind} ${object}`;
  const [old, now] = [before, after].map((footings) => new Map(footings.map((each) => [key(each), each])));
  const all = new Map([...(old ?? []), ...(now ?? [])]);
  return [...all].flatMap(([name, { kind, object }]): Found[] => {
    const [was, is] = [old?.get(name)?.value, now?.get(name)?.value];
    if (was === is || isHarmless(kind, object, was, is, session)) return [];
    const mustStay = own.has(kind) || object.startsWith("tenantry_");
    if (signed && !mustStay) return [];
    const how = was === undefined ? "was made" : is === undefined ? "was removed" : "was changed";
    return [
      {
        what: `The ${kind} ${object} ${how}`,
        ...(is !== undefined && !/^[0-9a-f]{32}$/.test(is) && { got: is }),
        ...(was !== undefined && !/^[0-9a-f]{32}$/.test(was) && { expected: was }),
        fix: mustStay
          ? "remove the statement: the toolkit keeps this"
          : `remove the statement, or, if that is what you mean, add \`${runOptIn(path)}\` to tenantry:allow`,
      },
    ];
  });
}

/** True for a change that takes nothing away, or gives something only to roles that policies don't bind. */
function isHarmless(
  kind: Footing["kind"],
  object: string,
  was: string | undefined,
  is: string | undefined,
  { role }: LeftSession,
): boolean {
  const powers = (value = "") => value.replace(/\b(NO)?LOGIN\b/, "").trim();
  switch (kind) {
    case "membership":
      // The role that creates a role becomes a member of it.
      return is === undefined || object.startsWith(`${role} in `);
    case "role":
      return is === undefined || powers(was) === powers(is);
    case "schema":
      return is === undefined || (was === undefined && is === `owner ${role}`);
    case "publication":
      return was === undefined && !/FOR ALL TABLES|IN SCHEMA/.test(is ?? "");
    case "default privileges":
    case "parameter privileges":
    case "language":
    case "foreign server":
    case "SECURITY DEFINER function":
      return is === undefined;
    default:
      return false;
  }
}
