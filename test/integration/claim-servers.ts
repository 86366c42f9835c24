import { join } from "node:path";
import { acquire, release } from "../../common/system/lock-file";

// Loaded before each test file, which runs in a process of its own. The files of a run share the sets of servers in
// TENANTRY_TEST_HOMES: a set serves one file at a time, because some tests restart its servers or count what is in them.
const homes = (process.env.TENANTRY_TEST_HOMES ?? "").split(":").filter(Boolean);

if (process.env.NODE_TEST_CONTEXT && homes.length > 0) {
  const lockOf = (home: string) => join(home, "test.lock");
  const home = homes.find((each) => acquire(lockOf(each)) === "ours");
  if (!home) throw new Error(`Other test files use the servers of ${homes.join(" and ")}`);
  process.once("exit", () => release(lockOf(home)));
  process.env.TENANTRY_ENDPOINTS = join(home, "endpoints.yaml");
}
