import assert from "node:assert/strict";
import test from "node:test";
import { parse } from "yaml";
import { hostRules, identityMap } from "../../../../components/citus/citus-access-rules";
import { certificateNames, loginSecret, shardNodes } from "../../../../components/citus/citus-names";
import { networkPolicy } from "../../../../components/citus/citus-network";
import { type CitusOptions, planCitus } from "../../../../components/citus/citus-plan";
import { clusterRules, groupRules } from "../../../../components/citus/citus-rights";
import { disruptionBudget, statefulSet, volumeClaims } from "../../../../components/citus/citus-workload";
import { localParameters, sharedParameters } from "../../../../components/citus/parameters";
import { dynamicConfig, patroniConfig } from "../../../../components/citus/patroni-config";
import { podTemplate } from "../../../../components/citus/pod";
import { prepareJob } from "../../../../components/citus/prepare";
import { headlessService, primaryService } from "../../../../components/citus/services";

const GiB = 2 ** 30;

function plan(options: Partial<CitusOptions> = {}) {
  return planCitus("citus", {
    namespace: "shop",
    database: "shop",
    workers: 2,
    applicationRoles: ["shop_app"],
    replicationRoles: ["shop_cdc"],
    ...options,
  });
}

test("strong consistency makes a commit wait for a standby, always if there are two standbys", () => {
  assert.equal(dynamicConfig(plan()).synchronous_mode, true);
  assert.equal(dynamicConfig(plan()).synchronous_mode_strict, false);
  assert.equal(dynamicConfig(plan({ replicas: 3 })).synchronous_mode_strict, true);
  assert.equal(dynamicConfig(plan({ consistency: "bounded" })).synchronous_mode, false);
});

test("a primary that can't reach the API server stays the primary while its group confirms it", () => {
  assert.equal(dynamicConfig(plan({ replicas: 1, consistency: "eventual" })).failsafe_mode, true);
  assert.equal(dynamicConfig(plan({ replicas: 3 })).failsafe_mode, true);
});

test("Patroni does not touch the database's logical slots", () => {
  assert.deepEqual(dynamicConfig(plan()).ignore_slots, [{ type: "logical", plugin: "pgoutput", database: "shop" }]);
});

test("quotes `on` and `off` in Patroni's file, because YAML 1.1 reads them as booleans", () => {
  assert.match(patroniConfig(plan(), 0), /hot_standby_feedback: "on"/);
});

test("each group has its number, and pg_partman runs on the coordinator only", () => {
  assert.deepEqual(parse(patroniConfig(plan(), 2)).citus, { database: "shop", group: 2 });
  assert.equal(localParameters(plan(), 0)["pg_partman_bgw.dbname"], "shop");
  assert.equal(localParameters(plan(), 1)["pg_partman_bgw.dbname"], undefined);
});

test("uses a quarter of the memory for buffers, and keeps at most a quarter of the volume as WAL for a slot", () => {
  const size = { cpu: "2", memory: { bytes: 8 * GiB }, storage: { bytes: 100 * GiB } };
  const parameters = localParameters(plan({ worker: size }), 1);
  assert.equal(parameters.shared_buffers, "2048MB");
  assert.equal(parameters.work_mem, "10MB");
  assert.equal(parameters.max_slot_wal_keep_size, "25600MB");
});

test("turns on change data capture, failover slots and prepared transactions", () => {
  const local = localParameters(plan(), 1);
  assert.equal(local["citus.enable_change_data_capture"], "on");
  assert.equal(local.sync_replication_slots, "on");
  assert.equal(local.output_plugin_libraries, "pgoutput, test_decoding, citus");
  assert.equal(sharedParameters(plan()).max_prepared_transactions, 400);
});

test("lets in only declared roles, by TLS, and applications at the coordinator only", () => {
  assert.deepEqual(hostRules(plan(), 0), [
    "local all all peer map=nodes",
    "local replication all peer map=nodes",
    "hostssl replication standby all cert map=nodes",
    "hostssl postgres standby all cert map=nodes",
    "hostssl all postgres all cert map=nodes",
    'hostssl "shop" "tenantry" all scram-sha-256',
    'hostssl "shop" "shop_cdc" all scram-sha-256',
    'hostssl "shop" all samehost cert map=nodes',
    'hostssl "shop" "shop_app" all scram-sha-256',
  ]);
  const worker = hostRules(plan(), 1);
  assert.ok(worker.includes('hostssl "shop" all all cert map=nodes'));
  assert.ok(!worker.some((rule) => rule.includes("shop_app")));
  assert.deepEqual(identityMap(), ["nodes citus-node all", "nodes postgres all"]);
});

test("a pod runs as an ordinary user, without permissions, on a read-only file system", () => {
  const spec = podTemplate(plan(), 0).spec as { containers: { securityContext: object }[]; securityContext: object };
  assert.deepEqual(spec.containers[0]?.securityContext, {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  });
  assert.ok(JSON.stringify(spec.securityContext).includes('"runAsNonRoot":true'));
});

test("a rollout waits for the synchronous standby, or without one for the server itself", () => {
  assert.ok(JSON.stringify(podTemplate(plan(), 0)).includes("/read-only-sync"));
  assert.ok(!JSON.stringify(podTemplate(plan({ consistency: "bounded" }), 0)).includes("/read-only-sync"));
});

test("keeps a node's pods on different machines: always, or if possible", () => {
  assert.ok(JSON.stringify(podTemplate(plan(), 0)).includes("requiredDuringScheduling"));
  assert.ok(JSON.stringify(podTemplate(plan({ spread: "preferred" }), 0)).includes("preferredDuringScheduling"));
});

test("a change of the settings and a rotation restart the pods", () => {
  const annotations = (options: Partial<CitusOptions>) => JSON.stringify(podTemplate(plan(options), 1).metadata);
  const larger = { cpu: "2", memory: { bytes: 16 * GiB }, storage: { bytes: 100 * GiB } };
  assert.notEqual(annotations({}), annotations({ worker: larger }));
  assert.notEqual(annotations({}), annotations({ rotation: 2 }));
  assert.equal(annotations({}), annotations({ coordinator: larger }));
});

test("declares volume claims as separate resources, so that they can grow, and protects them", () => {
  const claims = volumeClaims(plan({ storageClass: "fast" }), 1);
  assert.deepEqual(
    claims.map(({ metadata }) => metadata.name),
    ["data-citus-1-0", "data-citus-1-1"],
  );
  assert.deepEqual(claims[0]?.spec, {
    accessModes: ["ReadWriteOnce"],
    storageClassName: "fast",
    resources: { requests: { storage: "100Gi" } },
  });
  assert.equal(statefulSet(plan(), 1).spec.persistentVolumeClaimRetentionPolicy.whenDeleted, "Retain");
  assert.equal(
    statefulSet(plan({ protect: false }), 1).spec.persistentVolumeClaimRetentionPolicy.whenDeleted,
    "Delete",
  );
});

test("a drain evicts only one pod of a node at a time", () => {
  assert.equal(disruptionBudget(plan(), 1).spec.maxUnavailable, 1);
});

test("registers nodes under names that resolve before the pods are ready", () => {
  const { spec } = headlessService(plan()) as { spec: { clusterIP: string; publishNotReadyAddresses: boolean } };
  assert.equal(spec.clusterIP, "None");
  assert.equal(spec.publishNotReadyAddresses, true);
  assert.equal("selector" in (primaryService(plan(), 1).spec as object), false);
});

test("the certificate is valid for every pod and node, for any number of workers", () => {
  assert.deepEqual(certificateNames(plan()), certificateNames(plan({ workers: 40 })));
  assert.deepEqual(shardNodes(plan()), [
    { name: "worker_1", host: "citus-1.shop.svc", port: 5432 },
    { name: "worker_2", host: "citus-2.shop.svc", port: 5432 },
  ]);
});

test("Patroni can read no Secret, and can change only its own pods and Endpoints", () => {
  const rules = [...clusterRules, ...groupRules(plan(), 1)];
  assert.ok(!JSON.stringify(rules).includes("secrets"));
  for (const rule of rules) {
    const verbs = rule as { verbs: string[]; resourceNames?: string[] };
    if (verbs.verbs.includes("patch")) assert.ok(verbs.resourceNames?.every((name) => name.startsWith("citus-1")));
    assert.ok(!verbs.verbs.includes("delete"));
  }
});

test("lets clients in by their label, to PostgreSQL but not to Patroni", () => {
  const policy = networkPolicy(plan()) as { ingress: { from: object[]; ports: { port: number }[] }[] };
  const clients = policy.ingress.find(({ from }) => JSON.stringify(from).includes("database-client"));
  assert.deepEqual(
    clients?.ports.map(({ port }) => port),
    [5432],
  );
});

test("the Job's name changes with its work", () => {
  const name = (options: Partial<CitusOptions>) => prepareJob(plan(options)).metadata.name;
  assert.equal(name({}), name({}));
  assert.equal(
    new Set([name({}), name({ workers: 3 }), name({ rotation: 2 }), name({ consistency: "bounded" })]).size,
    4,
  );
});

test("the Job contains no password, and reads only the administrator's from its Secret", () => {
  const job = JSON.stringify(prepareJob(plan()));
  assert.ok(job.includes('"secretName":"citus-login-tenantry"'));
  assert.ok(!job.includes(loginSecret(plan(), "shop_cdc")));
});
