import assert from "node:assert/strict";
import test from "node:test";
import type { Model } from "../../architecture/tenancy/tenants";
import { killAfter, linearCongruence } from "./kills";
import type { Project } from "./project";
import { skip } from "./servers";
import {
  acme,
  asLogin,
  changes,
  configure,
  globex,
  inOneTransaction,
  loginOf,
  succeeded,
  tenantedProject,
  up,
  verified,
} from "./tenanted-stack";

/** `make test-kills` takes more. */
const kills = Number(process.env.TENANTRY_UP_KILLS ?? 1);
const seed = Number(process.env.TENANTRY_SEED ?? 20_261_125);

/** Each table with its row count, in every database of the stack, without partitions, which maintenance adds. */
async function contents(project: Project): Promise<string[]> {
  const { postgres } = project.endpoints;
  const { rows: databases } = await asLogin(project, postgres, (client) =>
    client.query<{ name: string }>(
      "SELECT datname AS name FROM pg_database WHERE starts_with(datname, $1) ORDER BY 1",
      [postgres.database],
    ),
  );
  const found: string[] = [];
  for (const { name } of databases) {
    const { rows } = await asLogin(
      project,
      postgres,
      (client) => client.query<Counted>(countSql, [project.application]),
      name,
    );
    found.push(...rows.map(({ relation, count }) => `${name}: ${relation} ${count}`));
  }
  return found;
}

interface Counted {
  readonly relation: string;
  readonly count: string;
}

const countSql = `
  SELECT c.oid::regclass AS relation,
    (xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM %s', c.oid::regclass), true, true, '')))[1] AS count
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND (starts_with(nspname, $1) OR nspname = 'tenantry') ORDER BY 1`;

test("a changed tenancy model for a stack with tenants", { skip }, async (t) => {
  const project = await tenantedProject(t, "schema", [acme, globex], {
    "tenantry:tenancy": "schema",
    "tenantry:tenants": [acme, globex],
  });
  await up(project);
  await asLogin(project, loginOf(project, "acme/app"), inOneTransaction(acme, "tenants"));
  const before = await contents(project);

  for (const model of ["silo", "shared"] satisfies Model[]) {
    await t.test(`rejects the change to ${model} in the preview and in up, and changes nothing`, async () => {
      configure(project, {
        "tenantry:tenancy": model,
        "tenantry:tenants": model === "silo" ? [acme, globex] : undefined,
      });
      for (const verb of [["preview"], ["up", "--yes", "--skip-preview"]]) {
        const { code, text } = await project.tenantry(...verb, "-s", "it");
        assert.notEqual(code, 0, text);
        assert.match(text, new RegExp(`would change from \`schema\` to \`${model}\`[^]*add \`remodel ${model}\``));
      }
      assert.deepEqual(await contents(project), before);
    });
  }

  await t.test("shows no changes after the old model is restored in the settings", async () => {
    configure(project, { "tenantry:tenancy": "schema", "tenantry:tenants": [acme, globex] });
    assert.deepEqual(await changes(project), []);
    await verified(project);
  });

  await t.test("with the opt-in, creates new places for the tenants and keeps the old rows", async () => {
    configure(project, { "tenantry:tenancy": "silo", "tenantry:allow": ["remodel silo"] });
    const { text } = succeeded(await project.tenantry("preview", "-s", "it", "--diff"));
    assert.match(text, /~ model *: "schema" => "silo"/);
    await up(project);
    const after = await contents(project);
    // The toolkit's own rows for the old places are removed, such as the ledger's.
    const kept = before.filter((line) => !line.includes(" tenantry."));
    assert.deepEqual(
      kept.filter((line) => !after.includes(line)),
      [],
    );
    assert.deepEqual(await changes(project), []);
    await verified(project);
  });
});

for (const model of ["schema", "silo"] satisfies Model[]) {
  test(`completes an up of the model ${model} after kills at ${kills} moments (seed ${seed})`, {
    skip,
  }, async (t) => {
    const moment = linearCongruence(seed);
    const settings = { "tenantry:tenancy": model, "tenantry:tenants": [acme, globex] };
    let tookMs = 0;
    await t.test("measures the time of an up that is not killed", async (each) => {
      const project = await tenantedProject(each, model, [acme, globex], settings);
      const started = Date.now();
      await up(project);
      tookMs = Date.now() - started;
      await each.test("finds no difference in a refresh", async () => {
        succeeded(await project.tenantry("refresh", "-s", "it", "--yes", "--skip-preview", "--expect-no-changes"));
      });
    });
    for (let run = 1; run <= kills; run++) {
      const afterMs = Math.round(((run - moment()) / kills) * tookMs);
      const alone = run % 2 === 0;
      await t.test(`killed ${alone ? "alone" : "with all it started"} after ${afterMs} ms`, async (each) => {
        const project = await tenantedProject(each, model, [acme, globex], settings);
        await killAfter(project, ["up", "-s", "it", "--yes", "--skip-preview"], afterMs, alone);
        await up(project);
        assert.deepEqual(await changes(project), []);
        await verified(project);
      });
    }
  });
}
