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

test("strong consistency lets a commit wait for a standby, and never go on without one where there are two", () => {
  assert.equal(dynamicConfig(plan())["synchronous_mode"], true);
  assert.equal(dynamicConfig(plan())["synchronous_mode_strict"], false);
  assert.equal(dynamicConfig(plan({ replicas: 3 }))["synchronous_mode_strict"], true);
  assert.equal(dynamicConfig(plan({ consistency: "bounded" }))["synchronous_mode"], false);
});

test("a primary that can't reach the API server stays primary while its group confirms it", () => {
  assert.equal(dynamicConfig(plan({ replicas: 1, consistency: "eventual" }))["failsafe_mode"], true);
  assert.equal(dynamicConfig(plan({ replicas: 3 }))["failsafe_mode"], true);
});

test("Patroni leaves the database's logical slots alone", () => {
  assert.deepEqual(dynamicConfig(plan())["ignore_slots"], [{ type: "logical", plugin: "pgoutput", database: "shop" }]);
});

test("switches are texts in Patroni's file, as YAML 1.1 would read a bare on as a boolean", () => {
  assert.match(patroniConfig(plan(), 0), /hot_standby_feedback: "on"/);
});

test("each group has its number, and pg_partman works on the coordinator alone", () => {
  assert.deepEqual(parse(patroniConfig(plan(), 2)).citus, { database: "shop", group: 2 });
  assert.equal(localParameters(plan(), 0)["pg_partman_bgw.dbname"], "shop");
  assert.equal(localParameters(plan(), 1)["pg_partman_bgw.dbname"], undefined);
});

test("memory and storage shape the settings: a quarter for buffers, and never more than a quarter of WAL for a slot", () => {
  const size = { cpu: "2", memory: { bytes: 8 * GiB }, storage: { bytes: 100 * GiB } };
  const parameters = localParameters(plan({ worker: size }), 1);
  assert.equal(parameters["shared_buffers"], "2048MB");
  assert.equal(parameters["work_mem"], "10MB");
  assert.equal(parameters["max_slot_wal_keep_size"], "25600MB");
});

test("change data capture, failover slots and prepared transactions are on", () => {
  const local = localParameters(plan(), 1);
  assert.equal(local["citus.enable_change_data_capture"], "on");
  assert.equal(local["sync_replication_slots"], "on");
  assert.equal(local["output_plugin_libraries"], "pgoutput, test_decoding, citus");
  assert.equal(sharedParameters(plan())["max_prepared_transactions"], 400);
});

test("only declared roles get in, by TLS, and applications at the coordinator only", () => {
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

test("a pod runs as nobody special, without rights, on a file system that it cannot write", () => {
  const spec = podTemplate(plan(), 0).spec as { containers: { securityContext: object }[]; securityContext: object };
  assert.deepEqual(spec.containers[0]?.securityContext, {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  });
  assert.ok(JSON.stringify(spec.securityContext).includes('"runAsNonRoot":true'));
});

test("a rollout waits for the synchronous standby, and only for the server where there is none", () => {
  assert.ok(JSON.stringify(podTemplate(plan(), 0)).includes("/read-only-sync"));
  assert.ok(!JSON.stringify(podTemplate(plan({ consistency: "bounded" }), 0)).includes("/read-only-sync"));
});

test("pods of a node are kept on different machines, or apart if it can be", () => {
  assert.ok(JSON.stringify(podTemplate(plan(), 0)).includes("requiredDuringScheduling"));
  assert.ok(JSON.stringify(podTemplate(plan({ spread: "preferred" }), 0)).includes("preferredDuringScheduling"));
});

test("an edit of the settings, and a rotation, restart the pods", () => {
  const annotations = (options: Partial<CitusOptions>) => JSON.stringify(podTemplate(plan(options), 1).metadata);
  const larger = { cpu: "2", memory: { bytes: 16 * GiB }, storage: { bytes: 100 * GiB } };
  assert.notEqual(annotations({}), annotations({ worker: larger }));
  assert.notEqual(annotations({}), annotations({ rotation: 2 }));
  assert.equal(annotations({}), annotations({ coordinator: larger }));
});

test("volumes are claims of their own, so that they can grow, and stay where they are protected", () => {
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

test("nobody drains two pods of a node at once", () => {
  assert.equal(disruptionBudget(plan(), 1).spec.maxUnavailable, 1);
});

test("nodes are registered by names that stand before the pods are ready", () => {
  const { spec } = headlessService(plan()) as { spec: { clusterIP: string; publishNotReadyAddresses: boolean } };
  assert.equal(spec.clusterIP, "None");
  assert.equal(spec.publishNotReadyAddresses, true);
  assert.equal("selector" in (primaryService(plan(), 1).spec as object), false);
});

test("the certificate's names cover every pod and every node, however many workers there are", () => {
  assert.deepEqual(certificateNames(plan()), certificateNames(plan({ workers: 40 })));
  assert.deepEqual(shardNodes(plan()), [
    { name: "worker_1", host: "citus-1.shop.svc", port: 5432 },
    { name: "worker_2", host: "citus-2.shop.svc", port: 5432 },
  ]);
});

test("Patroni may read no Secret, and change its own pods and Endpoints alone", () => {
  const rules = [...clusterRules, ...groupRules(plan(), 1)];
  assert.ok(!JSON.stringify(rules).includes("secrets"));
  for (const rule of rules) {
    const verbs = rule as { verbs: string[]; resourceNames?: string[] };
    if (verbs.verbs.includes("patch")) assert.ok(verbs.resourceNames?.every((name) => name.startsWith("citus-1")));
    assert.ok(!verbs.verbs.includes("delete"));
  }
});

test("clients are let in by their label, to PostgreSQL and not to Patroni", () => {
  const policy = networkPolicy(plan()) as { ingress: { from: object[]; ports: { port: number }[] }[] };
  const clients = policy.ingress.find(({ from }) => JSON.stringify(from).includes("database-client"));
  assert.deepEqual(
    clients?.ports.map(({ port }) => port),
    [5432],
  );
});

test("the Job that prepares has a name of its own for each thing that it does", () => {
  const name = (options: Partial<CitusOptions>) => prepareJob(plan(options)).metadata.name;
  assert.equal(name({}), name({}));
  assert.equal(
    new Set([name({}), name({ workers: 3 }), name({ rotation: 2 }), name({ consistency: "bounded" })]).size,
    4,
  );
});

test("no password is part of the Job: it reads the administrator's, and no other, from its Secret", () => {
  const job = JSON.stringify(prepareJob(plan()));
  assert.ok(job.includes('"secretName":"citus-login-tenantry"'));
  assert.ok(!job.includes(loginSecret(plan(), "shop_cdc")));
});
