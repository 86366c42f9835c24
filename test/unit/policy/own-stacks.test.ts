import assert from "node:assert/strict";
import test from "node:test";
import { declaredBy } from "../../../cli/preview/declared-resources";
import { lintResource, lintResourcesTogether } from "../../../lint/lint-resources";
import { rules } from "../../../lint/list";
import { lintStackFiles, stackOfResources } from "../../../policy/stack-files";
import { replaceUnknowns } from "../../../policy/unknown-values";
import { stackNames } from "../../../settings/stack-file";

for (const stack of stackNames()) {
  test(`the stack ${stack} breaks no policy`, async () => {
    // The mocks do not show which resources are protected.
    const declared = (await declaredBy(stack)).map(({ type, name, inputs }) => ({
      type,
      name,
      inputs: replaceUnknowns(inputs) as typeof inputs,
      protect: true,
    }));
    const facts = stackOfResources(stack);
    const found = [
      ...declared.flatMap((each) => lintResource(each, facts, rules)),
      ...lintResourcesTogether(declared, rules),
      ...(await lintStackFiles(stack)),
    ];
    assert.ok(declared.length > 0);
    assert.deepEqual(found, []);
  });
}
