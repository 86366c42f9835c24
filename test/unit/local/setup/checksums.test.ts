import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { versions } from "../../../../common/system/versions";
import { debeziumChecksums, kafkaChecksums } from "../../../../local/servers/java-artifacts";
import { differenceFrom, parseChecksums } from "../../../../local/setup/checksums";

function room(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "checksums-"));
  context.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

test("finds a checksum by file name, in a list of text or binary files", () => {
  const list = parseChecksums("aa  pulumi-v1-linux-x64.tar.gz\nbb *pulumi-v1-darwin-arm64.tar.gz\n");
  assert.equal(list.get("pulumi-v1-darwin-arm64.tar.gz"), "bb");
  assert.equal(list.get("x64.tar.gz"), undefined);
});

test("names a file that is missing, one that differs, and an additional jar", (context) => {
  const directory = room(context);
  const checksums = new Map([["plugin/a.jar", createHash("sha256").update("a").digest("hex")]]);
  assert.equal(differenceFrom(checksums, join(directory, "nowhere")), "plugin/a.jar is missing");
  assert.equal(differenceFrom(checksums, directory), "plugin/a.jar is missing");
  mkdirSync(join(directory, "plugin"));
  writeFileSync(join(directory, "plugin", "a.jar"), "b");
  assert.match(differenceFrom(checksums, directory) ?? "", /^plugin\/a.jar has the SHA-256 3e23\w+, not ca97\w+$/);
  writeFileSync(join(directory, "plugin", "a.jar"), "a");
  assert.equal(differenceFrom(checksums, directory), undefined);
  writeFileSync(join(directory, "README.md"), "");
  writeFileSync(join(directory, "other.jar"), "");
  assert.equal(differenceFrom(checksums, directory), "other.jar does not belong there");
  assert.equal(differenceFrom(checksums, directory, ["other.jar"]), undefined);
});

test("the lists of checksums have the versions that set-up installs", () => {
  const files = (path: string) => [...parseChecksums(readFileSync(path, "utf8")).keys()];
  assert.ok(files(kafkaChecksums).includes(`connect-runtime-${versions.kafka}.jar`));
  assert.ok(files(kafkaChecksums).includes(`connect-basic-auth-extension-${versions.kafka}.jar`));
  const plugin = "debezium-connector-postgres";
  assert.ok(files(debeziumChecksums).includes(`${plugin}/${plugin}-${versions.debezium}.jar`));
});
