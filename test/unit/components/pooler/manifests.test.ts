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

test("all pods together, and one more while they are replaced, leave the coordinator connections for others", () => {
  assert.equal(plan().serverConnections, 50);
  assert.equal(plan({ maxConnections: 400, replicas: 4 }).serverConnections, 70);
  assert.match(poolerIni(plan()), /^max_db_connections = 50$/m);
});

test("a pool of a given size is divided among the pods, as far as the coordinator has connections to give", () => {
  assert.equal(plan({ poolSize: 61 }).serverConnections, 31);
  assert.equal(plan({ poolSize: 200 }).serverConnections, 50);
});

test("a client that needs a session keeps its connection, which is cleaned before the next one gets it", () => {
  const ini = poolerIni(plan({ pooling: "session" }));
  assert.match(ini, /^pool_mode = session$/m);
  assert.match(ini, /^server_reset_query = DISCARD ALL$/m);
});

test("a pooler for nobody, and one without a connection to spare, are refused", () => {
  assert.throws(() => plan({ roles: [] }), /would let nobody in/);
  assert.throws(
    () => plan({ maxConnections: 52 }),
    /no connection to the database[\s\S]*got: +maxConnections: 52, of which 50[\s\S]*expected: at least 53/,
  );
});

test("a connection serves a transaction, forgets the tenant after it, and is encrypted on both sides", () => {
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

test("the file of users holds verifiers, and no password", () => {
  const text = poolerUsers([
    { user: "shop_app", password: "hush" },
    { user: 'shop"x', password: "hush" },
  ]);
  const [first, second] = text.trim().split("\n");
  assert.match(first ?? "", /^"shop""x" "SCRAM-SHA-256\$/);
  assert.ok(isVerifierOf(/ "(.*)"$/.exec(second ?? "")?.[1] ?? null, "hush"));
  assert.ok(!text.includes("hush"));
});

test("only the database's clients get in, and only the coordinator is reached", () => {
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

test("a pod goes only after its transactions, and never with another one", () => {
  const { strategy, template } = poolerDeployment(plan()).spec;
  assert.deepEqual(strategy.rollingUpdate, { maxUnavailable: 0, maxSurge: 1 });
  assert.equal(poolerBudget(plan()).spec.maxUnavailable, 1);
  assert.ok(JSON.stringify(template).includes("kill -INT 1"));
});

test("an edit, a role more and a rotation replace the pods, which read their files once", () => {
  const annotation = (options: Partial<PoolerOptions>) =>
    JSON.stringify(poolerDeployment(plan(options)).spec.template.metadata);
  assert.equal(annotation({}), annotation({}));
  const different = [{}, { clients: 10 }, { roles: ["shop_app", "shop_agent"] }, { rotation: 2 }];
  assert.equal(new Set(different.map(annotation)).size, different.length);
});

test("a pod runs as nobody special and reads its secrets from files that only it may read", () => {
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
