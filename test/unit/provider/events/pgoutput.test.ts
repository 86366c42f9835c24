import assert from "node:assert/strict";
import test from "node:test";
import { decodePgoutput } from "../../../../provider/events/pgoutput";

const int = (value: number, bytes: number) => {
  const buffer = Buffer.alloc(bytes);
  if (bytes === 8) buffer.writeBigUInt64BE(BigInt(value));
  else buffer.writeUIntBE(value, 0, bytes);
  return buffer;
};
const text = (value: string) => Buffer.from(`${value}\0`);
const join = (...parts: (Buffer | string)[]) =>
  Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : part)));
const column = (value: string) => join("t", int(Buffer.byteLength(value), 4), value);

test("reads the beginning and the end of a transaction", () => {
  const begin = join("B", int(0x1000, 8), int(1_000_000, 8), int(77, 4));
  const [commitLsn, committedUs] = [0x1000n, 946_684_801_000_000n];
  assert.deepEqual(decodePgoutput(begin), { kind: "begin", commitLsn, committedUs, xid: 77 });
  const commit = join("C", int(0, 1), int(0x1000, 8), int(0x1030, 8), int(1_000_000, 8));
  assert.deepEqual(decodePgoutput(commit), { kind: "commit", endLsn: 0x1030n });
});

test("reads a table's columns and the values of an insert, NULL among them", () => {
  const name = (value: string) => join(int(0, 1), text(value), int(25, 4), int(0xffffffff, 4));
  const relation = join(
    "R",
    int(16_386, 4),
    text("tenantry"),
    text("outbox"),
    "d",
    int(2, 2),
    name("id"),
    name("payload"),
  );
  assert.deepEqual(decodePgoutput(relation), {
    ...{ kind: "relation", oid: 16_386, schema: "tenantry", table: "outbox" },
    columns: ["id", "payload"],
  });
  const insert = join("I", int(16_386, 4), "N", int(3, 2), column("é"), "n", column("{}"));
  const values = [{ text: "é", bytes: 2 }, undefined, { text: "{}", bytes: 2 }];
  assert.deepEqual(decodePgoutput(insert), { kind: "insert", oid: 16_386, values });
});

test("reads an insert that was cut off: up to the length of the column at the cut, and no column after it", () => {
  const insert = join("I", int(1, 4), "N", int(3, 2), column("id"), column("x".repeat(5_000)), column("{}"));
  const message = decodePgoutput(insert.subarray(0, 100));
  assert(message.kind === "insert");
  assert.deepEqual(
    message.values.map((value) => value?.bytes),
    [2, 5_000, undefined],
  );
});

test("skips messages that an outbox never sends", () => {
  assert.deepEqual(decodePgoutput(join("T", int(0, 4))), { kind: "other" });
});
