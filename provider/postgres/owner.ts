import type { Client } from "pg";
import { type Problem, refuseIfAny } from "../../common/problem";
import type { Statement } from "./sql-statements";
import { type Reader, readerOf, runStatements } from "./sql-statements";

/** Owner of a database: the application, and the stack that applies it. */
export interface Owner {
  readonly application: string;
  readonly project: string;
  readonly stack: string;
}

/** Ownership as recorded in a database. */
interface FoundOwner {
  readonly owner: Owner | undefined;
  /** Applications whose files are in the ledger, because an older tenantry recorded no owner. */
  readonly applied: readonly string[];
}

async function readOwner(read: Reader): Promise<FoundOwner> {
  const [there] = await read<{ owned: boolean; ledger: boolean }>(
    "SELECT to_regclass('tenantry.owner') IS NOT NULL AS owned, to_regclass('tenantry.migrations') IS NOT NULL AS ledger",
  );
  const [owners, applied] = await Promise.all([
    there?.owned ? read<Owner>("SELECT application, project, stack FROM tenantry.owner") : [],
    there?.ledger
      ? read<{ application: string }>(
          "SELECT DISTINCT split_part(path, '/', 2) AS application FROM tenantry.migrations WHERE path LIKE 'sql/%' AND path NOT LIKE 'sql/base/%' ORDER BY 1",
        )
      : [],
  ]);
  return { owner: owners[0], applied: applied.map(({ application }) => application) };
}

/**
 * Problems of a stack with the owner of a database; none if it may change it. A database without an owner is free if nothing
 * is applied, or only files of the same application.
 */
function ownerProblems(
  { owner, applied }: FoundOwner,
  own: Owner,
  database: string,
  allow: ReadonlySet<string>,
): readonly Problem[] {
  const optIn = `adopt ${database}`;
  const isOwn = owner ? nameOf(owner) === nameOf(own) : applied.length === 0 || applied.includes(own.application);
  if (isOwn || allow.has(optIn)) return [];
  return [
    {
      what: `The database ${database} belongs to another stack: nothing of it was changed`,
      got: owner ? nameOf(owner) : `files of the application ${applied.join(", ")}`,
      expected: nameOf(own),
      fix: `correct the stack's endpoints; or, if this stack is to take it over, add \`${optIn}\` to tenantry:allow`,
    },
  ];
}

function nameOf({ application, project, stack }: Owner): string {
  return `application ${application}, stack ${stack} of project ${project}`;
}

/** @throws Problems if the database belongs to another stack */
export async function refuseOthers(
  read: Reader,
  own: Owner,
  database: string,
  allow: ReadonlySet<string>,
): Promise<void> {
  refuseIfAny(ownerProblems(await readOwner(read), own, database, allow));
}

const makeOwner: readonly Statement[] = [
  { sql: "CREATE SCHEMA IF NOT EXISTS tenantry" },
  {
    sql: `CREATE TABLE IF NOT EXISTS tenantry.owner (
  only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  application text NOT NULL,
  project text NOT NULL,
  stack text NOT NULL,
  since timestamptz NOT NULL DEFAULT now()
)`,
  },
];

/** Records the owner before anything else is created in the database. Runs in a transaction under the lock. */
export async function claim(client: Client, own: Owner, database: string, allow: ReadonlySet<string>): Promise<void> {
  const read = readerOf(client);
  const found = await readOwner(read);
  refuseIfAny(ownerProblems(found, own, database, allow));
  if (found.owner && nameOf(found.owner) === nameOf(own)) return;
  await runStatements(client, [
    ...makeOwner,
    {
      sql: `INSERT INTO tenantry.owner (application, project, stack) VALUES ($1, $2, $3) ON CONFLICT (only_one) DO UPDATE
        SET application = excluded.application, project = excluded.project, stack = excluded.stack, since = now()`,
      values: [own.application, own.project, own.stack],
    },
  ]);
}
