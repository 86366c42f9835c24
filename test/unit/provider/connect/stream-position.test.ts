import assert from "node:assert/strict";
import test from "node:test";
import {
  formatLsn,
  parseLsn,
  parsePosition,
  positionBehind,
  type StreamTransaction,
  unsentOf,
} from "../../../../provider/connect/stream-position";

const partition = { server: "shop-outbox-coordinator" };
const position = (lsn: number, commit: number, messageType: string) =>
  parsePosition([{ partition, offset: { lsn, lsn_proc: lsn, lsn_commit: commit, messageType, txId: 1 } }]);

/** Transactions in the order of their commits. The second began before the first. */
const transactions: readonly StreamTransaction<{ readonly lsn: bigint }>[] = [
  transaction(11, 150n, 155n, [120n]),
  transaction(10, 200n, 205n, [100n, 160n]),
  transaction(12, 230n, 235n, [205n]),
];

function transaction(xid: number, commitLsn: bigint, endLsn: bigint, lsns: readonly bigint[]) {
  const changes = lsns.map((lsn) => ({ lsn }));
  return { xid, committedUs: 7n, commitLsn, endLsn, changes };
}

const lsnsOf = (from: ReturnType<typeof position>) => unsentOf(transactions, from).map(({ change }) => change.lsn);

test("counts everything as unsent if nothing was sent", () => {
  assert.equal(parsePosition([]), undefined);
  assert.equal(parsePosition([{ partition, offset: null }]), undefined);
  assert.deepEqual(lsnsOf(undefined), [120n, 100n, 160n, 205n]);
});

test("lists unsent changes in the order of the commits, not of the WAL, after the last sent change", () => {
  assert.deepEqual(lsnsOf(position(120, 90, "INSERT")), [100n, 160n, 205n]);
  assert.deepEqual(lsnsOf(position(100, 155, "INSERT")), [160n, 205n]);
  assert.deepEqual(lsnsOf(position(160, 155, "INSERT")), [205n]);
});

test("counts a change at the end of the previous commit as unsent, if only that commit was sent", () => {
  assert.deepEqual(lsnsOf(position(205, 205, "COMMIT")), [205n]);
  assert.deepEqual(lsnsOf(position(205, 205, "INSERT")), []);
});

test("counts the sent changes of a COPY, which share a position; without a count, all of them are sent", () => {
  const copied = [transaction(10, 200n, 205n, [100n, 100n, 100n, 110n])];
  const unsent = (offset: object) =>
    unsentOf(
      copied,
      parsePosition([{ partition, offset: { lsn_proc: 100, lsn_commit: 90, messageType: "INSERT", ...offset } }]),
    );
  assert.deepEqual(unsent({ lsn_events_processed: 1 }), unsentOf(copied, undefined).slice(1));
  assert.equal(unsent({ lsn_events_processed: 3 }).length, 1);
  assert.equal(unsent({ lsn_events_processed: 1_000_000 }).length, 1);
  assert.equal(unsent({}).length, 1);
});

test("sets the position after a change as Debezium stores it, with the end of the previous transaction", () => {
  const [, first, poison] = unsentOf(transactions, position(90, 90, "COMMIT"));
  assert(first && poison);
  const start = { partition, lsn: 1n };
  assert.deepEqual(positionBehind(poison, position(100, 90, "INSERT"), start), {
    partition,
    offset: {
      ...{ lsn: 160, lsn_proc: 160, lsn_commit: 155, txId: 10, ts_usec: 7, messageType: "INSERT" },
      lsn_events_processed: 1_000_000,
    },
  });
  const [alone] = unsentOf(transactions, undefined);
  assert(alone);
  assert.equal(positionBehind(alone, undefined, start).offset?.lsn_commit, 1, "the slot's, where nothing was sent");
});

test("reads and writes WAL positions in PostgreSQL's format", () => {
  assert.equal(parseLsn("16/B374D848"), 0x16_b374_d848n);
  assert.equal(formatLsn(0x16_b374_d848n), "16/B374D848");
  assert.equal(formatLsn(parseLsn("0/1ED7218")), "0/1ED7218");
});
