import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { addConnectSecret, referTo, setConnectSecrets } from "../../../../local/servers/connect-secrets";

test("adds a secret beside the others, and refers to it by file and key", (context) => {
  const directory = mkdtempSync(join(tmpdir(), "secrets-"));
  context.after(() => rmSync(directory, { recursive: true }));
  const path = join(directory, "secrets.properties");
  setConnectSecrets(path, { cdc: "a" });
  const reference = addConnectSecret(referTo(path, "cdc"), "shop_cdc", "b=c");
  assert.equal(reference, `\${file:${path}:shop_cdc}`);
  assert.equal(readFileSync(path, "utf8"), "cdc=a\nshop_cdc=b=c\n");
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test("rejects a reference without a file", () => {
  assert.throws(() => addConnectSecret("${env:CDC}", "shop_cdc", "b"), /no file/);
});
