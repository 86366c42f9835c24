import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test, { type TestContext } from "node:test";
import { stackApplication } from "../../../local/stack-application";

function checkout(context: TestContext, files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), "checkout-"));
  context.after(() => rmSync(root, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

test("the stack says which application, and its description which roles", (context) => {
  const root = checkout(context, {
    "stacks/Pulumi.local.yaml": "config:\n  tenantry:application: shop\n",
    "sql/shop/architecture.yaml": "roles:\n  app: { writes: all }\n  report: {}\n",
  });
  assert.deepEqual(stackApplication(root), { name: "shop", roles: ["app", "report"] });
});

test("without a stack file, or with a broken one, it is ecommerce: the stack itself reports what is wrong", (context) => {
  assert.deepEqual(stackApplication(checkout(context, {})), { name: "ecommerce", roles: ["app", "agent"] });
  const broken = checkout(context, {
    "stacks/Pulumi.local.yaml": "config: [",
    "sql/ecommerce/architecture.yaml": "roles: 3",
  });
  assert.equal(stackApplication(broken).name, "ecommerce");
});
