import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import test, { type TestContext } from "node:test";
import { root } from "../../../../common/system/checkout";
import { run } from "../../../../common/system/run";
import { connectPlugins } from "../../../../local/servers/java-artifacts";

/** Runs the step for Debezium with its own cache and a Maven that is this script. */
function setup(context: TestContext, script: string) {
  const room = mkdtempSync(join(tmpdir(), "maven-"));
  context.after(() => rmSync(room, { recursive: true }));
  writeFileSync(join(room, "mvn"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const provide =
    'require("./local/setup/maven").debeziumStep.provide().catch((error) => { console.error(error.message); process.exitCode = 1; })';
  const env = {
    ...process.env,
    XDG_CACHE_HOME: room,
    PATH: [room, process.env.PATH].join(delimiter),
  };
  return {
    target: connectPlugins(join(room, "tenantry")),
    provide: () => run(process.execPath, ["--import", "tsx", "--eval", provide], { cwd: root, env }),
  };
}

test("does not accept an empty folder as Debezium, from Maven or in the cache", async (context) => {
  const { target, provide } = setup(context, "exit 0");
  for (const before of ["nothing", "an empty folder"]) {
    const { code, stderr } = await provide();
    assert.equal(code, 1, before);
    assert.match(stderr, /^Maven's files of Debezium .* have wrong checksums.*\n.*outbox-connector-2.jar is missing/);
    assert.equal(existsSync(target), before !== "nothing");
    mkdirSync(target, { recursive: true });
  }
  assert.deepEqual(readdirSync(target), []);
});

test("names a jar with a wrong SHA-256, and does not install it", async (context) => {
  const { target, provide } = setup(
    context,
    'for a; do case $a in -Dplugin=*) d=${a#*=}; mkdir -p "$d"; echo x >"$d/outbox-connector-2.jar"; echo x >"$d/debezium-api-3.7.0.Final.jar";; esac; done',
  );
  const { stderr } = await provide();
  assert.match(
    stderr,
    /debezium-api-3.7.0.Final.jar has the SHA-256 73cb3858a687a8494ca3323053016282f3dad39d42cf62ca4e79dda2aac7d9ac, not 70fa/,
  );
  assert.equal(existsSync(target), false);
});
