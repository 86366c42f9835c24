import assert from "node:assert/strict";
import { createServer } from "node:net";
import test from "node:test";
import { freePort, isFree, listenerOf, listeningInodes } from "../../../../local/servers/port";

const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:3C48 00000000:0000 0A 00000000:00000000 00:00000000 00000000   101        0 4242 1 0000 100 0 0 10 0
   1: 0100007F:3C48 0100007F:D431 01 00000000:00000000 00:00000000 00000000   101        0 4243 1 0000 100 0 0 10 0
   2: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4244 1 0000 100 0 0 10 0
`;

test("counts only sockets that listen on the port, not connections to it", () => {
  assert.deepEqual(listeningInodes(table, 15432), ["4242"]);
  assert.deepEqual(listeningInodes(table, 1), []);
});

test("a port is free until a process listens, and then the process is known", async () => {
  const port = await freePort();
  assert.equal(await isFree(port), true);
  const server = createServer().listen(port, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  assert.equal(await isFree(port), false);
  assert.equal((await listenerOf(port))?.pid, process.pid);
  server.close();
});
