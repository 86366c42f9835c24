import assert from "node:assert/strict";
import test from "node:test";
import { type NamespaceObjects, unreadyProblems } from "../../../cluster/unready-objects";
import { renderProblem } from "../../../common/problem";

// The texts were recorded from Kubernetes 1.33.
const quiet: NamespaceObjects = {
  namespace: "shop",
  pods: [],
  statefulSets: [],
  jobs: [],
  claims: [],
  custom: [],
  events: [],
  logs: new Map(),
};

function event(kind: string, name: string, reason: string, message: string, minute = 0, count = 1) {
  const lastTimestamp = new Date(Date.UTC(2026, 10, 25, 0, minute));
  return { type: "Warning", metadata: {}, involvedObject: { kind, name }, reason, message, count, lastTimestamp };
}

function pod(name: string, state: object, more: object = {}) {
  const status = { name: "postgres", image: "example/citus:1", imageID: "", ready: false, restartCount: 3, state };
  return { metadata: { name }, status: { phase: "Running", containerStatuses: [{ ...status, ...more }] } };
}

const told = (seen: Partial<NamespaceObjects>) =>
  unreadyProblems({ ...quiet, ...seen })
    .map(renderProblem)
    .join("\n\n");

test("reports nothing for a namespace whose objects are ready", () => {
  const ready = { type: "Ready", status: "True" };
  const seen = {
    pods: [
      { metadata: { name: "citus-0-0" }, status: { phase: "Running", conditions: [ready] } },
      { metadata: { name: "citus-prepare-1" }, status: { phase: "Succeeded" } },
    ],
    claims: [{ metadata: { name: "data-citus-0-0" }, status: { phase: "Bound" } }],
    custom: [{ kind: "Kafka", name: "kafka", conditions: [ready] }],
    events: [event("Pod", "citus-0-0", "Unhealthy", "Readiness probe failed")],
  };
  assert.equal(told(seen), "");
});

test("names an image that cannot be pulled, with the newest events first and each event once", () => {
  const message = 'Back-off pulling image "example/citus:1": ErrImagePull: not found';
  const events = [
    event("Pod", "citus-0-0", "Failed", "Error: ErrImagePull", 1, 2),
    event("Pod", "citus-0-0", "Failed", "Error: ImagePullBackOff", 2),
    event("Pod", "another", "Failed", "elsewhere", 3),
  ];
  assert.equal(
    told({ pods: [pod("citus-0-0", { waiting: { reason: "ImagePullBackOff", message } })], events }),
    `Pod \`citus-0-0\` in \`shop\` cannot get its image \`example/citus:1\`
  got:      Back-off pulling image "example/citus:1": ErrImagePull: not found
            Failed: Error: ImagePullBackOff
            Failed: Error: ErrImagePull (2 times)
  fix:      Build it from \`images/\` and push it to where the cluster pulls from, or name another in the stack file; then run \`up\` again`,
  );
});

test("reports an exceeded quota for the controller that could not create its pods", () => {
  const message = 'pods "citus-1-1" is forbidden: exceeded quota: q, requested: requests.memory=500Mi';
  const set = { metadata: { name: "citus-1" }, spec: { replicas: 2 }, status: { replicas: 1 } };
  const events = [event("StatefulSet", "citus-1", "FailedCreate", message, 0, 9)];
  const statefulSets = [set] as unknown as NamespaceObjects["statefulSets"];
  assert.match(
    told({ statefulSets, events }),
    /StatefulSet `citus-1` in `shop` is not allowed to create its pods\n {2}got: {6}FailedCreate: pods .*exceeded quota.*\(9 times\)\n {2}fix: {6}Raise the quota/,
  );
  const overcome = [{ ...set, status: { replicas: 2 } }] as unknown as NamespaceObjects["statefulSets"];
  assert.equal(told({ statefulSets: overcome, events }), "");
});

test("points to the cause in the message if the refusal is not a quota", () => {
  const jobs = [{ metadata: { name: "citus-prepare-1" } }] as NamespaceObjects["jobs"];
  const events = [event("Job", "citus-prepare-1", "FailedCreate", 'violates PodSecurity "restricted:latest"')];
  assert.match(told({ jobs, events }), /Job `citus-prepare-1`[\s\S]*PodSecurity[\s\S]*policy of the cluster/);
});

test("reports the missing resource for a pod that no machine can run", () => {
  const conditions = [
    { type: "PodScheduled", status: "False", message: "0/3 nodes are available: 3 Insufficient cpu." },
  ];
  const pods = [{ metadata: { name: "citus-0-0" }, status: { phase: "Pending", conditions } }];
  const events = [event("Pod", "citus-0-0", "FailedScheduling", "0/3 nodes are available: 3 Insufficient cpu.")];
  assert.equal(
    told({ pods, events }),
    `Pod \`citus-0-0\` in \`shop\` finds no machine to run on
  got:      FailedScheduling: 0/3 nodes are available: 3 Insufficient cpu.
  fix:      Add machines, or larger ones, or make the nodes smaller in \`tenantry:kubernetes\`; then run \`up\` again`,
  );
  const apart = [{ type: "PodScheduled", status: "False", message: "1 node(s) didn't match pod anti-affinity rules" }];
  assert.match(told({ pods: [{ metadata: { name: "a" }, status: { conditions: apart } }] }), /spread: preferred/);
});

test("reports a crashing container's exit code and the end of its log", () => {
  const waiting = { reason: "CrashLoopBackOff", message: "back-off 40s restarting failed container" };
  const pods = [pod("citus-0-0", { waiting }, { lastState: { terminated: { exitCode: 3, reason: "Error" } } })];
  assert.equal(
    told({ pods, logs: new Map([["citus-0-0", "FATAL: no configuration"]]) }),
    `Pod \`citus-0-0\` in \`shop\` keeps failing
  got:      its container \`postgres\` ended with 3 (Error), 3 restarts
            back-off 40s restarting failed container
            its log ends: FATAL: no configuration
  fix:      Find the reason in \`kubectl --namespace shop logs citus-0-0 --previous\`; then run \`up\` again`,
  );
});

test("reports a container that was killed because of its memory limit", () => {
  const pods = [pod("citus-0-0", { terminated: { exitCode: 137, reason: "OOMKilled" } })];
  assert.match(told({ pods }), /used more memory than its limit[\s\S]*no event says why[\s\S]*more `memory`/);
});

test("names a missing object that a container needs", () => {
  const waiting = { reason: "CreateContainerConfigError", message: 'secret "citus-tls" not found' };
  assert.match(
    told({ pods: [pod("citus-0-0", { waiting })] }),
    /cannot start its container\n {2}got: {6}secret "citus-tls" not found/,
  );
});

test("reports the failing probe of a running pod that is not ready", () => {
  const events = [
    event("Pod", "citus-0-0", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503"),
  ];
  assert.match(
    told({ pods: [pod("citus-0-0", { running: {} })], events }),
    /is not ready\n {2}got: {6}Unhealthy: .*503\n {2}fix: .*logs citus-0-0/,
  );
});

test("reports no problem for a pod that is being replaced", () => {
  assert.equal(
    told({ pods: [{ ...pod("a", { running: {} }), metadata: { name: "a", deletionTimestamp: new Date() } }] }),
    "",
  );
});

test("reports why a volume claim gets no volume", () => {
  const claims = [{ metadata: { name: "data-citus-0-0" }, status: { phase: "Pending" } }];
  const events = [
    event("PersistentVolumeClaim", "data-citus-0-0", "ProvisioningFailed", 'storageclass "x" not found', 0, 5),
  ];
  assert.match(
    told({ claims, events }),
    /`data-citus-0-0` in `shop` gets no volume\n {2}got: {6}ProvisioningFailed: .*\(5 times\)/,
  );
  // Many storage classes wait for a pod, which is not a problem.
  assert.equal(told({ claims }), "");
});

test("reports the operator's reason for a custom resource that is not ready", () => {
  const conditions = [{ type: "Ready", status: "False", reason: "InvalidResourceException", message: "no listeners" }];
  assert.match(
    told({ custom: [{ kind: "Kafka", name: "kafka", conditions }] }),
    /Kafka `kafka` in `shop` is not ready\n {2}got: {6}InvalidResourceException: no listeners\n {2}fix: .*describe kafka kafka/,
  );
});
