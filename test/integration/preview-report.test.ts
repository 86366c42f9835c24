import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { makeProject, type Project } from "./project";
import { skip } from "./servers";

const fixture = join(__dirname, "..", "golden", "preview-report", "preview.json");

/** Makes the changes that a pull request might contain, all at once. */
function edit(project: Project): void {
  const yaml = `sql/${project.application}/architecture.yaml`;
  const text = project
    .read(yaml)
    .replace("  wishes: { tenant: true }\n", "")
    .replace("retention: 2 years", "retention: 1 year")
    .replace("  carts: {", "  notes: { tenant: true }\n  carts: {");
  project.write(yaml, text);
  rmSync(join(project.folder, "sql", project.application, "100_wishes.sql"));
  project.write(
    `sql/${project.application}/110_notes.sql`,
    "CREATE TABLE notes (tenant_id uuid NOT NULL REFERENCES tenants, note_id uuid NOT NULL, PRIMARY KEY (tenant_id, note_id));\n",
  );
  project.write(`sql/${project.application}/120_drop.sql`, "ALTER TABLE products DROP COLUMN attributes;\n");
}

/** Records the preview for the unit tests, without values that differ in each run, if UPDATE_GOLDEN=1. */
function record({ application }: Project, preview: string): void {
  const dropped = new Set(["sourcePosition", "stackTrace", "dependencies", "propertyDependencies", "duration"]);
  const kept = JSON.parse(preview, (key, value) => (dropped.has(key) ? undefined : value)) as {
    diagnostics: { message: string }[];
  };
  kept.diagnostics = kept.diagnostics.filter(({ message }) => !message.includes("pulumi-language-nodejs"));
  const text = JSON.stringify(kept, undefined, 1)
    .replaceAll(application, "shop")
    .replaceAll(/127\.0\.0\.1:\d+/g, "127.0.0.1:5432");
  writeFileSync(fixture, `${text}\n`);
}

test("the report on a running stack's preview begins with the losses", { skip }, async (t) => {
  const project = await makeProject(t);
  const { application, folder, endpoints } = project;
  const yaml = `sql/${application}/architecture.yaml`;
  project.write(yaml, project.read(yaml).replace("  carts: {", "  wishes: { tenant: true }\n  carts: {"));
  project.write(
    `sql/${application}/100_wishes.sql`,
    "CREATE TABLE wishes (tenant_id uuid NOT NULL REFERENCES tenants, wish_id uuid NOT NULL, PRIMARY KEY (tenant_id, wish_id));\n",
  );
  const up = await project.tenantry("up", "-s", "it", "--yes", "--skip-preview");
  assert.equal(up.code, 0, up.text);
  edit(project);
  const preview = await project.tenantry("preview", "-s", "it", "--json");
  assert.equal(preview.code, 0, preview.text);
  const json = preview.text.slice(preview.text.indexOf("{"), preview.text.lastIndexOf("}") + 1);
  if (process.env.UPDATE_GOLDEN) record(project, json);
  writeFileSync(join(folder, "preview.json"), json);
  const report = await project.tenantry("preview-report", "preview.json");
  assert.equal(report.code, 0, report.text);
  const lines = report.text.split("\n");
  assert.equal(lines[0], "<!-- tenantry preview: it -->");
  const at = (text: string) => {
    const line = lines.findIndex((each) => each.includes(text));
    return line >= 0 ? line : assert.fail(`${text} is not in\n${report.text}`);
  };
  assert.match(lines[at(`${application}.audit_log`)] ?? "", /partitions older than 1 year are dropped/);
  assert.ok(at(`**delete** \`DistributedTable\` \`${application}.wishes\``) < at("### SQL"));
  assert.ok(at("drops a column with its values: `ALTER TABLE products DROP COLUMN attributes`") < at("### SQL"));
  assert.ok(at("CREATE TABLE notes") < at("### All changes"));
  const secrets = [endpoints.postgres, ...Object.values(endpoints.postgres.roles)].map(({ password }) => password);
  for (const secret of secrets) assert.ok(!report.text.includes(secret), "a comment shows a password");
});
