import assert from "node:assert/strict";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import test, { type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { PostgresEndpoint } from "../../architecture/endpoints";
import { openDatabase } from "../../provider/postgres/postgres";
import { freshDatabase, skip } from "./servers";

interface Way {
  readonly endpoint: PostgresEndpoint;
  /** Ends all connections on the server's side. The client notices it only when it sends something. */
  cut(): void;
}

/** A proxy between client and server. Closed after the test. */
async function startWay(t: TestContext, endpoint: PostgresEndpoint): Promise<Way> {
  const open = new Set<Socket>();
  const way = createServer((here) => {
    const there = connect(endpoint.port, endpoint.host);
    open.add(there);
    for (const side of [here, there]) side.on("error", () => side.destroy());
    here.on("data", (data) => (there.destroyed ? here.resetAndDestroy() : there.write(data)));
    here.on("close", () => there.destroy());
    there.on("data", (data) => here.write(data));
  });
  t.after(() => way.close());
  await new Promise<void>((resolve) => way.listen(0, "127.0.0.1", resolve));
  return {
    endpoint: { ...endpoint, host: "127.0.0.1", port: (way.address() as AddressInfo).port },
    cut: () => {
      for (const there of open) there.destroy();
    },
  };
}

test("checks the lock's connection even if work on a node has just ended", { skip }, async (t) => {
  const endpoint = await freshDatabase("shop");
  const way = await startWay(t, endpoint);
  const database = openDatabase(way.endpoint);
  t.after(async () => {
    await database.close();
    await endpoint.drop();
  });
  const pid = () =>
    database.transaction(async (client) => (await client.query("SELECT pg_backend_pid() AS pid")).rows[0]?.pid);
  const first = await pid();
  await database.onNode(endpoint, async (client) => {
    way.cut();
    // Longer than the time for which a connection counts as alive without a check.
    await sleep(1_000);
    await client.query("SELECT");
  });
  assert.notEqual(await pid(), first);
});
