import assert from "node:assert/strict";
import test from "node:test";
import { largestPayloadBytes, mostBytes } from "../../architecture/data-plane/record-limits";
import { connector } from "../../provider/resources/connector";
import { startConnectorFixture } from "./connector-fixture";
import { skip } from "./servers";

test("delivers every event that the outbox accepts", { skip }, async (t) => {
  const fixture = await startConnectorFixture(t);
  await connector.create(fixture, fixture.inputs);
  const insert = async (values: string) => {
    const columns = "tenant_id, aggregate_type, aggregate_id, type, payload, created_us";
    const [row] = await fixture.run(
      `INSERT INTO tenantry.outbox (${columns}) VALUES (gen_random_uuid(), 'order', ${values}) RETURNING payload::text`,
    );
    return String(row?.payload);
  };
  // The payload at its limit hardly compresses; the other columns have multi-byte text at their limits.
  const quoted = largestPayloadBytes - 2;
  const payload = `to_jsonb((SELECT left(string_agg(md5(i::text), ''), ${quoted}) FROM generate_series(1, ${Math.ceil(quoted / 32)}) i))`;
  const largest = await insert(
    `repeat('é', ${mostBytes.aggregate_id / 2}), repeat('é', ${mostBytes.type / 2}), ${payload}, -9223372036854775808`,
  );
  assert.equal(Buffer.byteLength(largest), largestPayloadBytes);
  // Empty, JSON null and unprintable values.
  await insert(`'', '', 'null', 0`);
  await insert(`E'\\x01\\n"', E'line\\nfeed 🛒', '"__debezium_unavailable_value"', 1`);
  await insert(`'last', 'Marker', '[]', 2`);
  const records = await fixture.sent(4);
  assert.equal(records.length, 4);
  const seen = new Map(records.map((record) => [record.createdAt, record]));
  const at = (createdAt: string) => {
    const { key, type, payload } = seen.get(createdAt) ?? assert.fail(`no record of ${createdAt}`);
    return { key, type, payload };
  };
  assert.deepEqual(at("-9223372036854775808"), { key: "é".repeat(2048), type: "é".repeat(512), payload: largest });
  assert.deepEqual(at("0"), { key: "", type: "", payload: "null" });
  assert.deepEqual(at("1"), { key: '\x01\n"', type: "line\nfeed 🛒", payload: '"__debezium_unavailable_value"' });
  assert.deepEqual(at("2"), { key: "last", type: "Marker", payload: "[]" });
});
