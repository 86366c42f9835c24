import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { dependencies } from "../../../package.json";
import { neededPlugins, requirePlugins } from "../../../pulumi-cli/pulumi-plugins";

const kubernetes = "config:\n  tenantry:platform: kubernetes\n";

test("a stack needs the plugins for its servers and for its roles", () => {
  assert.deepEqual(neededPlugins("config:\n  tenantry:platform: external\n"), []);
  assert.deepEqual(neededPlugins(kubernetes), ["kubernetes", "postgresql"]);
  assert.deepEqual(neededPlugins(`${kubernetes}  tenantry:postgres: { manageRoles: "false" }\n`), ["kubernetes"]);
  assert.deepEqual(neededPlugins("config:\n  tenantry:postgres: { manageRoles: true }\n"), ["postgresql"]);
  assert.deepEqual(neededPlugins("config: [oops"), []);
});

/** A Pulumi that is this script, with its own home and PATH. */
function pulumi(script: string) {
  const home = mkdtempSync(join(tmpdir(), "tenantry-plugins-"));
  const program = join(home, "pulumi");
  writeFileSync(program, `#!/bin/sh\n${script}\n`);
  chmodSync(program, 0o755);
  return { program, home, env: { PATH: `${home}:/usr/bin:/bin`, PULUMI_HOME: home } };
}

test("reports all plugins that can't be downloaded, with version and command", async () => {
  const { program, env } = pulumi("echo 'error: 403 HTTP error' >&2; exit 1");
  await assert.rejects(
    requirePlugins(program, ["kubernetes", "postgresql"], env),
    new RegExp(
      `plugin kubernetes is missing[\\s\\S]*403 HTTP error[\\s\\S]*install resource postgresql ${dependencies["@pulumi/postgresql"].replaceAll(".", "\\.")}`,
    ),
  );
});

test("downloads a plugin only once: it finds it on PATH or in Pulumi's home", async () => {
  const downloaded = pulumi("exit 0");
  await requirePlugins(downloaded.program, ["postgresql"], downloaded.env);
  const { program, home, env } = pulumi("exit 1");
  const installed = join(home, "plugins", `resource-postgresql-v${dependencies["@pulumi/postgresql"]}`);
  mkdirSync(installed, { recursive: true });
  writeFileSync(join(home, "pulumi-resource-kubernetes"), "", { mode: 0o755 });
  const look = () => requirePlugins(program, ["kubernetes", "postgresql"], env);
  await assert.rejects(look(), /plugin postgresql is missing/, "an empty folder is not a plugin");
  writeFileSync(join(installed, "pulumi-resource-postgresql"), "", { mode: 0o755 });
  await look();
  writeFileSync(`${installed}.partial`, "");
  await assert.rejects(look(), /plugin postgresql is missing/, "nor is an unfinished one");
});
