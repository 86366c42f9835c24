import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { Problems } from "../../../../common/problem";
import { type Home, homeAt, makeHome } from "../../../../local/home";
import { launch, type Server, stateOf, stopServer, waitUntilHealthy } from "../../../../local/servers/server";

function newHome(context: TestContext): Home {
  const home = homeAt(mkdtempSync(join(tmpdir(), "home-")));
  makeHome(home);
  context.after(async () => {
    await stopServer(home, "kafka");
    rmSync(home.directory, { recursive: true });
  });
  return home;
}

/** A server that is a shell script. */
const script = (text: string, more: Partial<Server> = {}): Server => ({
  name: "kafka",
  title: "Kafka",
  port: 1,
  ports: [1],
  portFlag: "--kafka-port",
  command: "sh",
  args: ["-c", text],
  cwd: "/",
  mark: "nothing",
  startTimeoutMs: 10_000,
  prepare: async () => false,
  health: async () => undefined,
  ...more,
});

test("starts a server, sees it running, and stops it", async (context) => {
  const home = newHome(context);
  const { pid } = launch(home, script("sleep 60"));
  assert.deepEqual(stateOf(home, "kafka"), { state: "running", pid });
  assert.equal(await stopServer(home, "kafka"), true);
  assert.deepEqual(stateOf(home, "kafka"), { state: "stopped" });
  assert.equal(await stopServer(home, "kafka"), false);
});

test("reports a killed server as killed", async (context) => {
  const home = newHome(context);
  const { pid } = launch(home, script("sleep 60"));
  process.kill(pid, "SIGKILL");
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.deepEqual(stateOf(home, "kafka"), { state: "killed" });
});

test("ignores a process id that another process has by now, and sends it no signal", async (context) => {
  const home = newHome(context);
  writeFileSync(home.pid("kafka"), `pid: ${process.pid}\nstarted: yesterday\n`);
  assert.deepEqual(stateOf(home, "kafka"), { state: "killed" });
  assert.equal(await stopServer(home, "kafka"), false);
});

test("treats a server with a damaged pid file as ended", (context) => {
  const home = newHome(context);
  writeFileSync(home.pid("kafka"), "pid: [");
  assert.deepEqual(stateOf(home, "kafka"), { state: "killed" });
});

test("reports a server that ends while starting, with the end of its log", async (context) => {
  const home = newHome(context);
  const dying = script("echo 'No space left on device'; exit 1", { health: async () => "refused" });
  await assert.rejects(
    async () => {
      launch(home, dying);
      await waitUntilHealthy(home, dying);
    },
    (error: unknown) => {
      assert.ok(error instanceof Problems);
      assert.match(error.message, /Kafka ended while starting\n {2}got: {6}No space left on device\n {2}fix: {6}Free/);
      return true;
    },
  );
});

test("reports the reason if a server never serves", async (context) => {
  const home = newHome(context);
  const idle = script("sleep 60", { health: async () => "refused", startTimeoutMs: 300 });
  launch(home, idle);
  await assert.rejects(waitUntilHealthy(home, idle), /Kafka does not serve after 0 s: refused/);
});

test("reports a missing program as a problem", (context) => {
  const home = newHome(context);
  assert.throws(() => launch(home, script("", { command: "/nowhere/java" })), Problems);
});
