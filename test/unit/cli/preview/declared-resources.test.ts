import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { declaredBy, renderPreview } from "../../../../cli/preview/declared-resources";
import { stackNames } from "../../../../settings/stack-file";
import { matchesGolden } from "../../golden";

const golden = join(__dirname, "../../../golden/preview");

for (const stack of stackNames()) {
  test(`the resources of the stack ${stack} equal the reviewed golden file`, async () => {
    matchesGolden(join(golden, `${stack}.yaml`), renderPreview(await declaredBy(stack)));
  });
}

test("a preview contains no secret and no value that changes from run to run", () => {
  const secret = {
    "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
    value: { password: "hush" },
  };
  const certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
  const text = renderPreview([
    { type: "kubernetes:core/v1:Secret", name: "login", inputs: { data: secret, certificate } },
  ]);
  assert.equal(text, 'resource: kubernetes:core/v1:Secret login\ncertificate: |\n  [certificate]\ndata: "[secret]"\n');
});
