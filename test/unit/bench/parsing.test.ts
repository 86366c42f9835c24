import assert from "node:assert/strict";
import test from "node:test";
import { parseCpuSeconds } from "../../../bench/idle";
import { debeziumDefaults } from "../../../bench/latency";
import { manyTables } from "../../../bench/many-tables";
import { secondsOfChanges } from "../../../bench/statement-log";
import { parseRate } from "../../../bench/transaction-bench";

test("the time of changes runs from the first changing statement in the database to the last", () => {
  const line = (time: string, database: string, text: string) =>
    `2026-01-02 03:04:${time} UTC [17] postgres@${database} LOG:  ${text}`;
  const log = [
    line("01.000", "shop", "statement: SELECT pg_try_advisory_lock(1, 2)"),
    line("02.000", "other", "statement: CREATE TABLE t ()"),
    line("03.250", "shop", "statement: CREATE TABLE t (\n  a int)"),
    line("05.000", "shop", "execute <unnamed>: INSERT INTO t VALUES ($1)"),
    line("09.000", "shop", "execute <unnamed>: SELECT oid FROM pg_class"),
  ].join("\n");
  assert.equal(secondsOfChanges(log, "shop"), 1.75);
});

test("throws an error for a log without changes", () => {
  assert.throws(() => secondsOfChanges("", "shop"), /no statement that changes/);
});

test("reads pgbench's rate, and throws an error for failed transactions", () => {
  assert.equal(
    parseRate("number of failed transactions: 0 (0.000%)\ntps = 123.45 (without initial connection time)"),
    123.45,
  );
  assert.throws(() => parseRate("number of failed transactions: 3 (1%)\ntps = 9.0 (…)"), /3 transactions failed/);
  assert.throws(() => parseRate("nonsense"), /pgbench/);
});

test("adds a process' user and system time, for any process name", () => {
  assert.equal(parseCpuSeconds("1 (a) b) S 0 0 0 0 0 0 0 0 0 0 150 50 0 0"), 2);
});

test("makes the given number of tables, and partitioned ones name their column", () => {
  const files = manyTables(30);
  const sql = Object.entries(files).filter(([name]) => name.endsWith(".sql"));
  assert.equal(
    sql.map(([, text]) => text.match(/CREATE TABLE/g)?.length ?? 0).reduce((a, b) => a + b),
    30,
  );
  assert.equal(files["architecture.yaml"]?.match(/partition:/g)?.length, 2);
});

test("keeps the source and drops our tuning for Debezium's defaults", () => {
  const config = debeziumDefaults({
    "database.hostname": "localhost",
    "poll.interval.ms": "10",
    "producer.override.linger.ms": "10",
    "exactly.once.support": "required",
  });
  assert.equal(config["database.hostname"], "localhost");
  assert.deepEqual(
    Object.keys(config).filter((key) => /poll|producer|exactly/.test(key)),
    [],
  );
});
