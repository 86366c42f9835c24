import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test, { type TestContext } from "node:test";
import { stackApplication } from "../../../settings/stack-application";

function checkout(context: TestContext, files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), "checkout-"));
  context.after(() => rmSync(root, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

test("reads the application from the stack file, and its roles from the description", (context) => {
  const root = checkout(context, {
    "stacks/Pulumi.local.yaml": "config:\n  tenantry:application: shop\n",
    "sql/shop/architecture.yaml": "roles:\n  app: { writes: all }\n  report: {}\n",
  });
  assert.deepEqual(stackApplication(root), { name: "shop", roles: ["app", "report"] });
});

test("rejects a missing or broken stack file, or one without application, and names the key to add", (context) => {
  for (const files of [
    {},
    { "stacks/Pulumi.local.yaml": "config: [" },
    { "stacks/Pulumi.local.yaml": "config:\n  tenantry:application: 7\n" },
  ]) {
    assert.throws(
      () => stackApplication(checkout(context, files)),
      /Pulumi\.local\.yaml: The stack file says of no application.*`tenantry:application: NAME`/s,
    );
  }
});

test("a missing or broken description gives no roles", (context) => {
  const stack = { "stacks/Pulumi.local.yaml": "config:\n  tenantry:application: shop\n" };
  for (const description of [{}, { "sql/shop/architecture.yaml": "roles: 3" }])
    assert.deepEqual(stackApplication(checkout(context, { ...stack, ...description })), { name: "shop", roles: [] });
});
