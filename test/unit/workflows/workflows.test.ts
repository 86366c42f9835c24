import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { parse } from "yaml";
import { markerOf } from "../../../cli/preview/markdown";
import { manifest } from "../../../common/system/checkout";
import { versions } from "../../../common/system/versions";
import { citusImage } from "../../../settings/kubernetes-settings";
import { lifecycleImage } from "../../../settings/lifecycle-settings";
import { stackNames } from "../../../settings/stack-file";

const root = join(__dirname, "..", "..", "..");
const folder = join(root, ".github", "workflows");

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: object;
  readonly jobs: Readonly<
    Record<string, { readonly permissions?: Readonly<Record<string, string>>; readonly steps: readonly Step[] }>
  >;
}
interface Step {
  readonly uses?: string;
  readonly run?: string;
}

const workflows = readdirSync(folder).map((file) => {
  const text = readFileSync(join(folder, file), "utf8");
  return { file, text, workflow: parse(text) as Workflow };
});

for (const { file, text, workflow } of workflows) {
  const jobs = Object.entries(workflow.jobs);

  test(`${file}: pins every action to a commit, with the version beside it`, () => {
    for (const [line] of text.matchAll(/uses: .*/g))
      assert.match(line, /^uses: [\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  test(`${file}: grants permissions only to jobs, and only read permissions to jobs that run a pull request's code`, () => {
    assert.deepEqual(workflow.permissions, {});
    assert.ok(!("pull_request_target" in workflow.on), "it would run a stranger's code with our secrets");
    for (const [name, { permissions, steps }] of jobs) {
      assert.ok(permissions, `${name} names its rights`);
      const runsCode = steps.some(({ uses }) => uses?.startsWith("actions/checkout@"));
      const writes = Object.values(permissions).includes("write");
      if (runsCode && "pull_request" in workflow.on && name !== "publish") assert.ok(!writes, `${name} only reads`);
    }
  });

  test(`${file}: inserts no text from a pull request into a script`, () => {
    const scripts = jobs.flatMap(([, { steps }]) => steps.flatMap(({ run }) => run ?? []));
    for (const script of scripts) assert.doesNotMatch(script, /\$\{\{/);
  });
}

test("the stacks that are previewed by default exist", () => {
  const text = workflows.find(({ file }) => file === "preview.yml")?.text ?? "";
  const defaults = [...text.matchAll(/TENANTRY_STACKS \|\| '(\[.*?\])'/g)].map(([, list]) => JSON.parse(list ?? "[]"));
  assert.equal(defaults.length, 2, "for the preview and for its comment");
  for (const stack of defaults.flat()) assert.ok(stackNames().includes(stack), stack);
});

test("finds its comment by the marker at the beginning of the report", () => {
  const text = workflows.find(({ file }) => file === "preview.yml")?.text ?? "";
  assert.ok(text.includes(`MARKER="${markerOf("STACK").replace("STACK", "$STACK")}"`));
});

test("builds images under the names that stacks use by default", () => {
  const lines = execFileSync(join(root, "images", "list.sh"), { encoding: "utf8" })
    .trim()
    .split("\n");
  assert.ok(lines.includes(`images/citus ${citusImage} images/citus`), lines.join("\n"));
  assert.ok(lines.includes(`images/tenantry ${lifecycleImage} .`), lines.join("\n"));
  assert.equal(lifecycleImage.split(":")[1], manifest.version, "the image holds the package of this version");
});

test("the image of tenantry has the version of DuckDB's extension that the package needs", () => {
  const dockerfile = readFileSync(join(root, "images", "tenantry", "Dockerfile"), "utf8");
  assert.ok(dockerfile.includes(`ARG DUCKDB=${versions.duckdb}\n`));
});

test("a release says what the changelog says of its version, and nothing of another", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "tenantry-release-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const path of [".github", "client"]) mkdirSync(join(folder, path));
  copyFileSync(join(root, ".github/release-notes.sh"), join(folder, ".github/release-notes.sh"));
  for (const path of ["package.json", "client/package.json"])
    writeFileSync(join(folder, path), '{\n  "name": "a",\n  "version": "1.2.0",\n  "private": true\n}\n');
  writeFileSync(
    join(folder, "CHANGELOG.md"),
    "## [Unreleased]\n\n- Later.\n\n## [1.2.0] - today\n\n- Now.\n\n## [1.1.0]\n\n- Before.\n",
  );
  const notes = (tag: string) =>
    execFileSync(join(folder, ".github/release-notes.sh"), [tag], { encoding: "utf8", stdio: "pipe" });
  assert.equal(notes("v1.2.0").trim(), "- Now.");
  assert.throws(() => notes("v1.1.0"), /package\.json has another version than the tag\n {2}got: {6}1\.2\.0/);
  writeFileSync(join(folder, "CHANGELOG.md"), "## [Unreleased]\n\n- Now.\n");
  assert.throws(() => notes("v1.2.0"), /CHANGELOG\.md says nothing of this version/);
});
