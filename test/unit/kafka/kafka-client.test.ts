import assert from "node:assert/strict";
import test from "node:test";
import { security } from "../../../kafka/kafka-client";

const kafka = { bootstrapServers: ["kafka:9093"] };

test("takes TLS and the login for Kafka from the endpoint", () => {
  assert.deepEqual(security(kafka), { ssl: false });
  assert.deepEqual(security({ ...kafka, tls: true }), { ssl: true });
  assert.deepEqual(security({ ...kafka, ca: "PEM" }), { ssl: { ca: "PEM" } });
  assert.deepEqual(security({ ...kafka, user: "a", password: "b", ca: "PEM" }), {
    ssl: { ca: "PEM" },
    sasl: { mechanism: "scram-sha-512", username: "a", password: "b" },
  });
  assert.deepEqual(security({ ...kafka, user: "a", password: "b", mechanism: "plain", tls: false }), {
    ssl: false,
    sasl: { mechanism: "plain", username: "a", password: "b" },
  });
});
