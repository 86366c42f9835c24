import assert from "node:assert/strict";
import test from "node:test";
import { isVerifierOf } from "../../../../common/scram";
import { poolerUsers } from "../../../../components/pooler/config";
import { poolerBudget, poolerDeployment, poolerIni, poolerPolicy } from "../../../../components/pooler/manifests";
import { type PoolerOptions, planPooler } from "../../../../components/pooler/pooler-plan";

function plan(options: Partial<PoolerOptions> = {}) {
  return planPooler("citus-pooler", {
    namespace: "shop",
    cluster: "citus",
    database: "shop",
    roles: ["shop_app"],
    ...options,
  });
}

test("leaves the coordinator connections for others, even with one more pod during a rollout", () => {
  assert.equal(plan().serverConnections, 50);
  assert.equal(plan({ maxConnections: 400, replicas: 4 }).serverConnections, 70);
  assert.match(poolerIni(plan()), /^max_db_connections = 50$/m);
});

test("divides a pool of a given size among the pods, within the coordinator's limit", () => {
  assert.equal(plan({ poolSize: 61 }).serverConnections, 31);
  assert.equal(plan({ poolSize: 200 }).serverConnections, 50);
});

test("with `session`, a client keeps its connection, which is reset before the next client gets it", () => {
  const ini = poolerIni(plan({ pooling: "session" }));
  assert.match(ini, /^pool_mode = session$/m);
  assert.match(ini, /^server_reset_query = DISCARD ALL$/m);
});

test("rejects a pooler without roles, and one without a server connection", () => {
  assert.throws(() => plan({ roles: [] }), /would let nobody in/);
  assert.throws(
    () => plan({ maxConnections: 52 }),
    /no connection to the database[\s\S]*got: +maxConnections: 52, of which 50[\s\S]*expected: at least 53/,
  );
});

test("with `transaction`, a connection serves one transaction, resets the tenant, and uses TLS on both sides", () => {
  const ini = poolerIni(plan());
  assert.match(ini, /^shop = host=citus-0\.shop\.svc port=5432 dbname=shop$/m);
  for (const line of [
    "pool_mode = transaction",
    "server_reset_query = RESET app.tenant_id",
    "server_reset_query_always = 1",
    "auth_type = scram-sha-256",
    "client_tls_sslmode = require",
    "server_tls_sslmode = verify-full",
  ]) {
    assert.ok(ini.includes(`\n${line}\n`), line);
  }
});

test("the file of users contains verifiers and no password", () => {
  const text = poolerUsers([
    { user: "shop_app", password: "hush" },
    { user: 'shop"x', password: "hush" },
  ]);
  const [first, second] = text.trim().split("\n");
  assert.match(first ?? "", /^"shop""x" "SCRAM-SHA-256\$/);
  assert.ok(isVerifierOf(/ "(.*)"$/.exec(second ?? "")?.[1] ?? null, "hush"));
  assert.ok(!text.includes("hush"));
});

test("lets in only the database's clients, and reaches only the coordinator", () => {
  const { ingress, egress } = poolerPolicy(plan()).spec;
  assert.deepEqual(ingress[0]?.from[0]?.podSelector.matchLabels, { "tenantry.io/database-client": "citus" });
  assert.deepEqual(egress[0], {
    to: [
      {
        podSelector: {
          matchLabels: { "app.kubernetes.io/name": "citus", "cluster-name": "citus", "citus-group": "0" },
        },
      },
    ],
    ports: [{ protocol: "TCP", port: 5432 }],
  });
});

test("a pod ends only after its transactions, and never together with another pod", () => {
  const { strategy, template } = poolerDeployment(plan()).spec;
  assert.deepEqual(strategy.rollingUpdate, { maxUnavailable: 0, maxSurge: 1 });
  assert.equal(poolerBudget(plan()).spec.maxUnavailable, 1);
  assert.ok(JSON.stringify(template).includes("kill -INT 1"));
});

test("a change, a new role and a rotation replace the pods, which read their files only at start", () => {
  const annotation = (options: Partial<PoolerOptions>) =>
    JSON.stringify(poolerDeployment(plan(options)).spec.template.metadata);
  assert.equal(annotation({}), annotation({}));
  const different = [{}, { clients: 10 }, { roles: ["shop_app", "shop_agent"] }, { rotation: 2 }];
  assert.equal(new Set(different.map(annotation)).size, different.length);
});

test("a pod runs as an ordinary user and reads its secrets from files that only it may read", () => {
  const { spec } = poolerDeployment(plan()).spec.template as {
    spec: { containers: { securityContext: object }[]; volumes: { secret?: { defaultMode: number } }[] };
  };
  assert.deepEqual(spec.containers[0]?.securityContext, {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  });
  const modes = spec.volumes.flatMap(({ secret }) => (secret ? [secret.defaultMode] : []));
  assert.deepEqual(modes, [0o440, 0o440]);
});
