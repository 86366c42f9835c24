import assert from "node:assert/strict";
import test from "node:test";
import type { Endpoints } from "../../../architecture/endpoints";
import { addressOf, policies, serviceOf } from "../../../components/external-access";
import { externalListeners } from "../../../components/kafka/external-listener";
import { planKafka } from "../../../components/kafka/kafka-plan";
import { outsideEndpoints, reachedConnect, reachedDatabases } from "../../../components/reached-servers";
import type { Access } from "../../../settings/access";

type Outside = Exclude<Access, { readonly by: "cluster" }>;

const citus = { name: "citus", namespace: "shop", workers: 2 };
const from = ["10.0.0.0/8"];
const ways: Record<"loadBalancer" | "nodePort" | "addresses", Outside> = {
  loadBalancer: { by: "loadBalancer", from, annotations: { "example.com/internal": "true" } },
  nodePort: { by: "nodePort", from, host: "127.0.0.1", firstPort: 30000 },
  addresses: {
    by: "addresses",
    from: [],
    coordinator: { host: "db", port: 1 },
    workers: [
      { host: "db", port: 2 },
      { host: "db", port: 3 },
    ],
    kafka: [],
    connect: "http://c:1",
  },
};
const reached = (access: Outside) => reachedDatabases(citus, access);

test("the Service of each node selects its primary", () => {
  assert.deepEqual(
    reached(ways.nodePort).map(({ name, selector }) => `${name} ${selector["citus-group"]} ${selector.role}`),
    ["citus-0-access 0 primary", "citus-1-access 1 primary", "citus-2-access 2 primary"],
  );
});

test("a load balancer keeps and checks the client's address, and has the annotations for the cloud", () => {
  const [server] = reached(ways.loadBalancer);
  const service = server && serviceOf("shop", ways.loadBalancer, server);
  assert.deepEqual(service?.metadata.annotations, { "example.com/internal": "true" });
  assert.equal(service?.spec.externalTrafficPolicy, "Local");
  assert.deepEqual(service?.spec.loadBalancerSourceRanges, from);
});

test("node ports are fixed, and adding a worker moves no other port", () => {
  const ports = (workers: number) =>
    reachedDatabases({ ...citus, workers }, ways.nodePort).map(({ nodePort }) => nodePort);
  assert.deepEqual(ports(2), [30000, 30021, 30022]);
  assert.deepEqual(ports(3), [30000, 30021, 30022, 30023]);
});

test("lets only the declared networks reach the pods", () => {
  assert.deepEqual(policies("shop", ways.nodePort, reached(ways.nodePort))[1]?.spec.ingress, [
    { from: [{ ipBlock: { cidr: "10.0.0.0/8" } }], ports: [{ protocol: "TCP", port: 5432 }] },
  ]);
  assert.deepEqual(policies("shop", ways.addresses, reached(ways.addresses)), []);
});

test("an address is a node port, the load balancer's address, or the given one", () => {
  const of = (access: Outside, ingress?: { ip?: string; hostname?: string }[]) =>
    reached(access).map((server) => addressOf(access, server, ingress));
  assert.deepEqual(of(ways.nodePort)[1], { host: "127.0.0.1", port: 30021 });
  assert.deepEqual(of(ways.addresses)[2], { host: "db", port: 3 });
  assert.deepEqual(of(ways.loadBalancer, [{ ip: "1.2.3.4" }])[0], { host: "1.2.3.4", port: 5432 });
  assert.deepEqual(of(ways.loadBalancer, [{ hostname: "lb.example.com" }])[0], { host: "lb.example.com", port: 5432 });
  assert.match(of(ways.loadBalancer)[0]?.host ?? "", /load balancer of citus-0-access/);
});

test("reports a worker without an address", () => {
  const few = { ...ways.addresses, workers: [] } as Outside;
  assert.throws(() => reached(few).map((server) => addressOf(few, server, undefined)), /citus-1-access has no address/);
});

test("outside the cluster, databases keep their names beside their addresses; Kafka and Connect get addresses only", () => {
  const login = { user: "tenantry", password: "hush" };
  const inside: Endpoints = {
    postgres: {
      host: "citus-0.shop.svc",
      port: 5432,
      database: "shop",
      ...login,
      sslmode: "verify-full",
      nodes: [],
      roles: {},
    },
    kafka: { bootstrapServers: ["kafka-kafka-bootstrap.shop.svc:9093"], tls: true },
    connect: { url: "http://connect-connect-api.shop.svc:8083", databasePassword: "${secrets:a/b:c}" },
  };
  const servers = [...reached(ways.nodePort), reachedConnect({ name: "connect" }, ways.nodePort)];
  const addresses = Object.fromEntries(
    servers.map((server) => [server.name, addressOf(ways.nodePort, server, undefined)]),
  );
  const outside = outsideEndpoints(inside, ways.nodePort, citus, addresses, ["127.0.0.1:30002"]);
  assert.equal(outside.postgres.host, "citus-0.shop.svc");
  assert.deepEqual(outside.postgres.addresses, {
    "citus-0.shop.svc:5432": { host: "127.0.0.1", port: 30000 },
    "citus-1.shop.svc:5432": { host: "127.0.0.1", port: 30021 },
    "citus-2.shop.svc:5432": { host: "127.0.0.1", port: 30022 },
  });
  assert.deepEqual(outside.kafka, { bootstrapServers: ["127.0.0.1:30002"], tls: true });
  assert.equal(outside.connect.url, "http://127.0.0.1:30001");
});

test("brokers announce an address that outside clients can reach, with TLS and a login", () => {
  assert.deepEqual(externalListeners({ by: "cluster" }, 3), []);
  assert.deepEqual(externalListeners(ways.nodePort, 1), [
    {
      name: "external",
      port: 9094,
      tls: true,
      authentication: { type: "scram-sha-512" },
      networkPolicyPeers: [{ ipBlock: { cidr: "10.0.0.0/8" } }],
      type: "nodeport",
      configuration: {
        bootstrap: { nodePort: 30002, alternativeNames: ["127.0.0.1"] },
        brokers: [{ broker: 0, nodePort: 30003, advertisedHost: "127.0.0.1", advertisedPort: 30003 }],
      },
    },
  ]);
  assert.match(
    JSON.stringify(externalListeners(ways.loadBalancer, 2)),
    /"loadBalancerSourceRanges":\["10\.0\.0\.0\/8"\]/,
  );
  const given = { ...ways.addresses, kafka: [{ host: "k", port: 5 }] } as Access;
  assert.match(JSON.stringify(externalListeners(given, 1)), /"broker":0,"advertisedHost":"k","advertisedPort":5/);
});

test("rejects a broker without an address", () => {
  assert.throws(() => planKafka("kafka", { namespace: "shop", access: ways.addresses }), /0 addresses for 3 brokers/);
});
