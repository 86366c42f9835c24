import assert from "node:assert/strict";
import test from "node:test";
import { Problems } from "../../../../common/problem";
import { silent } from "../../../../common/system/progress";
import { importedPackage } from "../../../../local/setup/go";
import { parseJavaVersion } from "../../../../local/setup/java";
import { howToInstall } from "../../../../local/setup/postgres-setup";
import { releaseFile } from "../../../../local/setup/pulumi-setup";
import { setup } from "../../../../local/setup/setup";
import { isAccepted } from "../../../../pulumi-cli/pulumi-programs";

const lacking = (what: string) => ({
  title: what,
  provide: () => Promise.reject(new Problems([{ what: `${what} is missing`, fix: `Install ${what}` }])),
});

test("reports everything that is missing at once", async () => {
  const fine = { title: "Fine", provide: async () => "1.0" };
  await assert.rejects(setup(silent, [lacking("Java"), fine, lacking("PostgreSQL")]), (error: unknown) => {
    assert.ok(error instanceof Problems);
    assert.deepEqual(
      error.problems.map(({ what }) => what),
      ["Java is missing", "PostgreSQL is missing"],
    );
    return true;
  });
});

test("reports the result of each step", async () => {
  assert.deepEqual(await setup(silent, [{ title: "Java", provide: async () => "17.0.1" }]), [
    { part: "Java", state: "17.0.1" },
  ]);
});

test("accepts Pulumi from 3.248, the version of the SDK, and below 4", () => {
  assert.deepEqual(["3.248.0", "v3.264.1", "3.247.9", "4.0.0", "2.300.0", undefined].map(isAccepted), [
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
});

test("names the official release by platform and architecture", () => {
  assert.equal(releaseFile("3.248.0", "linux", "x64"), "pulumi-v3.248.0-linux-x64.tar.gz");
  assert.equal(releaseFile("3.248.0", "darwin", "arm64"), "pulumi-v3.248.0-darwin-arm64.tar.gz");
});

test("parses the version in Java's different formats", () => {
  assert.equal(parseJavaVersion('openjdk version "17.0.15" 2025-04-15'), "17.0.15");
  assert.equal(parseJavaVersion('java version "21" 2023-09-19 LTS'), "21");
  assert.equal(parseJavaVersion("command not found"), undefined);
});

test("how to install PostgreSQL depends on the system", () => {
  assert.match(howToInstall(17, 'ID=ubuntu\nID_LIKE="debian"'), /apt-get install postgresql-17 postgresql-17-partman/);
  assert.match(
    howToInstall(16, 'ID="rocky"\nID_LIKE="rhel centos fedora"'),
    /dnf install postgresql16-server .*pg_partman_16/,
  );
  assert.match(howToInstall(15, ""), /brew install postgresql@15/);
});

test("builds the package that a module's tools.go imports", () => {
  assert.equal(importedPackage('package tools\n\nimport _ "example.com/cmd/x"\n'), "example.com/cmd/x");
  assert.throws(() => importedPackage("package tools"), /imports nothing/);
});
