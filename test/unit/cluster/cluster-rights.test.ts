import assert from "node:assert/strict";
import test from "node:test";
import { declaredBy } from "../../../cli/preview/declared-resources";
import { isListed, managedKinds, monitoringKinds, neededRights, rightsProblem } from "../../../cluster/cluster-rights";
import { renderProblem } from "../../../common/problem";
import { stackNames } from "../../../settings/stack-file";

test("checks the permissions for every kind of object that a stack declares", async () => {
  const known = Object.entries({ ...managedKinds, ...monitoringKinds }).flatMap(([group, resources]) =>
    resources.map((resource) => `${group} ${resource}`),
  );
  const declared = new Set<string>();
  for (const stack of stackNames()) {
    for (const { inputs } of await declaredBy(stack)) {
      const { apiVersion, kind } = inputs as { readonly apiVersion?: string; readonly kind?: string };
      if (typeof apiVersion === "string" && kind && kind !== "Namespace") {
        const group = apiVersion.includes("/") ? apiVersion.split("/")[0] : "";
        declared.add(`${group} ${kind.toLowerCase().replace(/y$/, "ie")}s`);
      }
    }
  }
  assert.deepEqual(
    [...declared].filter((kind) => !known.includes(kind)),
    [],
  );
});

test("reports all missing permissions in one problem, with a line for each kind", () => {
  const missing = neededRights("shop", false).filter(
    ({ resource, verb }) => resource === "secrets" || (resource === "statefulsets" && verb === "create"),
  );
  assert.equal(
    rightsProblem("staging", "shop", missing).map(renderProblem).join("\n"),
    `The user of the context \`staging\` lacks permissions, so \`up\` would stop half-way
  got:      not allowed: secrets: get, list, watch, create, patch, delete
            statefulsets.apps: create
  expected: all of these in the namespace \`shop\`, and the namespace itself
  fix:      Ask for a Role with them, or try \`kubectl --context staging auth can-i --list --namespace shop\``,
  );
});

test("reports nothing if no permission is missing", () => {
  assert.deepEqual(rightsProblem("staging", "shop", []), []);
});

test("a rule covers a permission with its group, kind and verb, in the namespace and for every name", () => {
  const right = { group: "apps", resource: "statefulsets", verb: "create", namespace: "shop" };
  const rule = { apiGroups: ["apps"], resources: ["statefulsets"], verbs: ["create"] };
  assert.ok(isListed(right, [rule]));
  assert.ok(isListed(right, [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }]));
  assert.ok(!isListed({ ...right, verb: "delete" }, [rule]));
  assert.ok(!isListed(right, [{ ...rule, resourceNames: ["citus-0"] }]));
  const { namespace: _, ...outside } = right;
  assert.ok(!isListed(outside, [rule]));
});

test("checks the permissions for monitoring only if monitoring is on", () => {
  const groups = (monitored: boolean) => new Set(neededRights("shop", monitored).map(({ group }) => group));
  assert.ok(!groups(false).has("monitoring.coreos.com"));
  assert.ok(groups(true).has("monitoring.coreos.com"));
});
