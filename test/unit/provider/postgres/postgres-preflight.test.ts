import assert from "node:assert/strict";
import test from "node:test";
import { renderProblem } from "../../../../common/problem";
import {
  type DatabaseReading,
  judgeDatabase,
  judgeNode,
  type NodeReading,
} from "../../../../provider/postgres/postgres-preflight";

const good: DatabaseReading = {
  version: 170011,
  version_text: "17.11",
  database: "shop",
  role: "admin",
  powerful: true,
  other_encoding: null,
  partman: "5.2.4",
  partman_schema: "partman",
  partman_available: "5.2.4",
  citus: "13.2-1",
  citus_available: "13.2-1",
  missing_roles: [],
  unbound_roles: [],
};

const goodNode: NodeReading = {
  wal_level: "logical",
  max_replication_slots: 10,
  used_slots: 1,
  max_wal_senders: 10,
  used_senders: 1,
  missing_slots: 1,
  citus_cdc: "on",
  max_worker_processes: 24,
  citus_databases: 0,
};

test("finds no problems on a complete server", () => {
  assert.deepEqual(judgeDatabase(good, "required"), []);
  assert.deepEqual(judgeNode(goodNode, "coordinator"), []);
});

test("accepts plain PostgreSQL if Citus is `auto`", () => {
  assert.deepEqual(judgeDatabase({ ...good, citus: null, citus_available: null }, "auto"), []);
  assert.deepEqual(judgeNode({ ...goodNode, citus_cdc: null }, "coordinator"), []);
});

const databases: readonly [string, Partial<DatabaseReading>, RegExp][] = [
  ["an old version", { version: 140010, version_text: "14.10" }, /too old\n.*14\.10\n.*15 or newer/],
  ["too few rights", { powerful: false }, /The role "admin" has too few rights/],
  ["an encoding in which Kafka gets other bytes", { other_encoding: "LATIN1" }, /not in UTF-8.*LATIN1.*UTF8/s],
  ["pg_partman not created", { partman: null }, /not created in the database "shop".*CREATE EXTENSION pg_partman/s],
  ["pg_partman not installed", { partman: null, partman_available: null }, /pg_partman is not installed on the server/],
  ["Citus not created", { citus: null }, /Citus is required, and installed on the server, but not created/],
  ["Citus not installed", { citus: null, citus_available: null }, /not installed on the server.*tenantry:citus: auto/s],
  ["missing roles", { missing_roles: ["shop_app", "shop_cdc"] }, /no "shop_app", "shop_cdc"/],
  ["a role that sees everything", { unbound_roles: ["shop_app"] }, /"shop_app" is not bound.*NOSUPERUSER NOBYPASSRLS/s],
];

for (const [what, reading, expected] of databases) {
  test(`${what} is one problem with its fix`, () => {
    const problems = judgeDatabase({ ...good, ...reading }, "required");
    assert.equal(problems.length, 1);
    assert.match(problems.map(renderProblem).join(), expected);
  });
}

const nodes: readonly [string, Partial<NodeReading>, RegExp][] = [
  [
    "WAL that is not logical",
    { wal_level: "replica" },
    /worker_1 does not write logical WAL.*ALTER SYSTEM SET wal_level = 'logical'/s,
  ],
  ["no free replication slot", { max_replication_slots: 1 }, /no room.*max_replication_slots of 2 or more/s],
  ["no free WAL sender", { max_wal_senders: 0, used_senders: 0 }, /no room.*max_wal_senders of 1 or more/s],
  [
    "too few slots for the silos",
    { max_replication_slots: 4, missing_slots: 8 },
    /no room for 8 more replication slots, one a silo.*max_replication_slots = 4, 1 in use.*of 9 or more/s,
  ],
  [
    "too few workers for the silos' daemons",
    { max_worker_processes: 8, citus_databases: 8 },
    /too few worker processes.*12 or more with 8 silos.*max_worker_processes = 16/s,
  ],
  ["Citus without change data capture", { citus_cdc: "off" }, /would emit rows twice while shards move/],
];

for (const [what, reading, expected] of nodes) {
  test(`${what} is one problem with its fix`, () => {
    const problems = judgeNode({ ...goodNode, ...reading }, "worker_1");
    assert.equal(problems.length, 1);
    assert.match(problems.map(renderProblem).join(), expected);
  });
}

test("requires extensions of the server, but not inside a database that only creates others", () => {
  const empty = { ...good, database: "postgres", partman: null, partman_schema: null, citus: null };
  assert.deepEqual(judgeDatabase(empty, "required", true), []);
  const problems = judgeDatabase({ ...empty, partman_available: null, citus_available: null }, "required", true);
  assert.match(
    problems.map(renderProblem).join(),
    /pg_partman is not installed.*Citus is required, and not installed/s,
  );
});

test("accepts a node whose slots are all in use if the stack's are among them", () => {
  assert.deepEqual(judgeNode({ ...goodNode, max_replication_slots: 1, missing_slots: 0 }, "worker_1"), []);
});
