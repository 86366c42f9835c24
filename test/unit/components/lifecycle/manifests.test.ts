import assert from "node:assert/strict";
import test from "node:test";
import { type LifecycleOptions, planLifecycle } from "../../../../components/lifecycle/lifecycle-plan";
import { lifecyclePolicy, requestsDeployment, runJob } from "../../../../components/lifecycle/manifests";

const stackFile = { "stacks/Pulumi.prod.yaml": "config: {}\n" };

function plan(options: Partial<LifecycleOptions> = {}) {
  return planLifecycle("lifecycle", {
    namespace: "shop",
    stack: "prod",
    citus: "citus",
    files: stackFile,
    store: {},
    ...options,
  });
}

function podOf(options: Partial<LifecycleOptions> = {}) {
  const { spec } = runJob(plan(options)) as { spec: { schedule: string; jobTemplate: { spec: JobSpec } } };
  return { ...spec.jobTemplate.spec.template.spec, job: spec.jobTemplate.spec, schedule: spec.schedule };
}

interface JobSpec {
  readonly activeDeadlineSeconds: number;
  readonly backoffLimit: number;
  readonly template: { readonly spec: { readonly containers: readonly Container[]; readonly securityContext: object } };
}

interface Container {
  readonly command: readonly string[];
  readonly env: readonly { readonly name: string; readonly value?: string }[];
  readonly securityContext: { readonly readOnlyRootFilesystem: boolean };
  readonly volumeMounts: readonly { readonly mountPath: string; readonly readOnly?: boolean }[];
}

test("runs once an hour, one run at a time, and never longer than six hours", () => {
  const job = runJob(plan()) as { spec: { concurrencyPolicy: string } };
  assert.equal(job.spec.concurrencyPolicy, "Forbid");
  const { schedule, job: template } = podOf();
  assert.equal(schedule, "17 * * * *");
  assert.equal(template.activeDeadlineSeconds, 21_600);
  assert.equal(template.backoffLimit, 0);
});

test("runs as a user without rights, and writes to /tmp alone", () => {
  const pod = podOf();
  const [container] = pod.containers;
  assert.ok(container);
  assert.deepEqual(container.command, ["tenantry", "lifecycle", "run", "-s", "prod"]);
  assert.equal(container.securityContext.readOnlyRootFilesystem, true);
  assert.deepEqual((pod.securityContext as { runAsNonRoot: boolean }).runAsNonRoot, true);
  assert.deepEqual(
    container.volumeMounts.filter(({ readOnly }) => !readOnly).map(({ mountPath }) => mountPath),
    ["/tmp"],
  );
});

test("lets pods out to the database and the store, and nobody in", () => {
  const { spec } = lifecyclePolicy(plan({ store: { ports: [9000], secret: "bucket" } }));
  assert.deepEqual(spec.policyTypes, ["Ingress", "Egress"]);
  assert.ok(!("ingress" in spec));
  assert.deepEqual(
    spec.egress.map(({ ports }) => ports.map(({ port }) => port)),
    [[5432], [53, 53], [443, 9000]],
  );
});

test("restarts the pods that serve requests when a file or the rotation changes", () => {
  const digest = (options: Partial<LifecycleOptions>) => {
    const { spec } = requestsDeployment(plan(options)) as {
      spec: { template: { metadata: { annotations: Record<string, string> } } };
    };
    return spec.template.metadata.annotations["tenantry.io/project"];
  };
  const now = digest({});
  assert.equal(digest({}), now);
  assert.notEqual(digest({ rotation: 2 }), now);
  assert.notEqual(digest({ files: { ...stackFile, "sql/shop/architecture.yaml": "tables: {}\n" } }), now);
});

test("rejects files without the stack's own, paths that no ConfigMap holds, two logins and too much SQL, all at once", () => {
  const store = { secret: "bucket", keys: { accessKeyId: "a", secretAccessKey: "b" } };
  const files = { "../etc/passwd": "", "sql/shop/a b.sql": "x".repeat(1_000_001) };
  assert.throws(
    () => plan({ files, store }),
    (error: Error) => {
      assert.match(error.message, /no settings of the stack `prod`/);
      assert.match(error.message, /can't hold the file `\.\.\/etc\/passwd`/);
      assert.match(error.message, /can't hold the file `sql\/shop\/a b\.sql`/);
      assert.match(error.message, /two logins for the store/);
      assert.match(error.message, /don't fit into one ConfigMap[\s\S]*got: +1000001 bytes/);
      return true;
    },
  );
});
