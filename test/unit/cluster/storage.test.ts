import assert from "node:assert/strict";
import test from "node:test";
import { classProblems, existingVolume, sizeProblems } from "../../../cluster/storage";
import { renderProblem } from "../../../common/problem";

const GiB = 2 ** 30;
const standard = { metadata: { name: "standard" }, provisioner: "p" };
const byDefault = {
  metadata: { name: "fast", annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
  provisioner: "p",
};
const claim = (storage: string, storageClassName = "standard") =>
  existingVolume({
    metadata: { name: "data-citus-1-0" },
    spec: { storageClassName, resources: { requests: { storage } } },
  });
const wanted = (gibibytes: number) => ({ claim: "data-citus-1-0", size: { bytes: gibibytes * GiB } });
const rendered = (problems: ReturnType<typeof classProblems>) => problems.map(renderProblem).join("\n");

test("rejects an unknown storage class, and lists the existing ones", () => {
  assert.equal(
    rendered(classProblems("standart", [standard, byDefault])),
    `The cluster has no storage class \`standart\`
  got:      \`fast\`, \`standard\`
  fix:      Set \`tenantry:kubernetes.storageClass\` to \`standard\`, or leave it out for the default`,
  );
  assert.match(rendered(classProblems("x", [])), /got: +none[\s\S]*to one of these/);
});

test("without a name the cluster must have a default class", () => {
  assert.deepEqual(classProblems(undefined, [standard, byDefault]), []);
  assert.match(rendered(classProblems(undefined, [standard])), /no default storage class[\s\S]*got: +`standard`/);
});

test("rejects a volume that would shrink", () => {
  assert.equal(
    rendered(sizeProblems(wanted(50), [claim("100Gi")], [{ ...standard, allowVolumeExpansion: true }])),
    `The volume \`data-citus-1-0\` would shrink, which Kubernetes cannot do
  got:      50 GiB
  expected: at least 100 GiB, as it is
  fix:      Set \`storage\` back; to make it smaller, add workers of the new size and remove these`,
  );
});

test("lets a volume grow if its class allows it, and otherwise rejects it before anything is created", () => {
  assert.deepEqual(sizeProblems(wanted(200), [claim("100Gi")], [{ ...standard, allowVolumeExpansion: true }]), []);
  assert.match(rendered(sizeProblems(wanted(200), [claim("100Gi")], [standard])), /class `standard` does not allow it/);
});

test("accepts a new volume, one of the same size, and one whose class the user may not read", () => {
  assert.deepEqual(sizeProblems(wanted(1), [], [standard]), []);
  assert.deepEqual(sizeProblems(wanted(1), [claim("1Gi")], [standard]), []);
  assert.deepEqual(sizeProblems(wanted(2), [claim("1Gi")], []), []);
});
