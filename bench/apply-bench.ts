import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withSession } from "../local/servers/sql-session";
import { benchSettings, sqlFor } from "./application-sql";
import type { Bench } from "./bench";
import { manyTables } from "./many-tables";
import { type Measurement, ofRounds } from "./measurement";
import { withToolkit } from "./pulumi-project";
import { runScript } from "./servers";
import { logEnd, logStatements, readLog, secondsOfChanges } from "./statement-log";

const application = "manytables";

/** Measures applying many tables to a new database, against psql with the same statements on another one. */
export async function measureApply(bench: Bench): Promise<readonly Measurement[]> {
  const { sizes, progress } = bench;
  const rounds: Applied[] = [];
  for (let number = 1; number <= Math.max(1, sizes.rounds - 1); number++) {
    const outcome = ({ applying, whole, psql }: Applied) =>
      `${applying.toFixed(1)} of ${whole.toFixed(1)} s against ${psql.toFixed(1)} s`;
    rounds.push(await progress.part(`${sizes.tables} tables, round ${number}`, () => oneRound(bench), outcome));
  }
  const named = { against: "psql with the same statements", unit: "s" } as const;
  const of = (part: "applying" | "whole") => rounds.map((round) => ({ ours: round[part], theirs: round.psql }));
  const what = `applying ${sizes.tables} tables`;
  return [
    ofRounds({ ...named, what: `${what}, first to last statement`, target: { atMost: 1.5 } }, of("applying")),
    ofRounds({ ...named, what: `${what}, the whole \`pulumi up\`` }, of("whole")),
  ];
}

/** Durations in seconds. */
interface Applied {
  /** From the first statement to the last. */
  readonly applying: number;
  /** `pulumi up` from start to end. */
  readonly whole: number;
  readonly psql: number;
}

async function oneRound(bench: Bench): Promise<Applied> {
  const { servers, sizes } = bench;
  const files = Object.entries(manyTables(sizes.tables));
  const fill = (folder: string) => {
    for (const [name, text] of files) writeFileSync(join(folder, name), text);
  };
  const psql = await servers.withDatabase(application, async (endpoints) => {
    const folder = mkdtempSync(join(tmpdir(), "tenantry-bench-"));
    try {
      const applicationFolder = join(folder, application);
      mkdirSync(applicationFolder);
      fill(applicationFolder);
      const script = await sqlFor(applicationFolder, benchSettings(application, endpoints), endpoints);
      await withSession(endpoints.postgres, endpoints.postgres.database, (client) =>
        logStatements(client, endpoints.postgres.database),
      );
      const start = performance.now();
      await runScript(servers, endpoints, script);
      return (performance.now() - start) / 1_000;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
  return servers.withDatabase(application, (endpoints) =>
    withToolkit(application, endpoints, fill, async (project) => {
      const { database } = endpoints.postgres;
      await withSession(endpoints.postgres, database, (client) => logStatements(client, database));
      const log = servers.home.log("postgres");
      const from = logEnd(log);
      const whole = await project.pulumi("up", "--yes", "--skip-preview");
      return { psql, whole, applying: secondsOfChanges(readLog(log, from), database) };
    }),
  );
}
