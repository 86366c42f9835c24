import assert from "node:assert/strict";
import test from "node:test";
import { explainDeath } from "../../../../local/servers/log-causes";

const facts = { log: "/home/logs/postgres.log", portFlag: "--postgres-port", user: "postgres" };
const explain = (log: string) => explainDeath(log, facts);

test("each known cause has its fix", () => {
  assert.match(explain("FATAL: could not write: No space left on device"), /Free some disk space/);
  assert.match(explain('could not bind IPv4 address "127.0.0.1": Address already in use'), /--postgres-port/);
  assert.match(explain("FATAL:  data directory has wrong ownership"), /`postgres` with mode 0700/);
  assert.match(explain("DETAIL:  Permissions should be u=rwx (0700)"), /chmod/);
  assert.match(explain("FATAL: database files are incompatible with server"), /TENANTRY_PG_BIN/);
  assert.match(explain("java.lang.OutOfMemoryError: Java heap space"), /memory/);
});

test("an unknown cause names the log", () => {
  assert.match(explain("PANIC: something else"), /Read \/home\/logs\/postgres.log/);
});
