import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import { Problems } from "../../../../common/problem";
import type { Connect, ConnectorConfig, ConnectorStatus } from "../../../../provider/connect/connect-state";
import type { Diagnosis } from "../../../../provider/connect/stream-diagnosis";
import { isOneByOne, runUpToFailure } from "../../../../provider/events/one-by-one";
import type { Database } from "../../../../provider/postgres/database";
import type { Context } from "../../../../provider/protocol/resource-context";

const declared = { connector: "shop-outbox", config: { "max.batch.size": "8192", "exactly.once.support": "required" } };
const tooLarge = "org.apache.kafka.common.errors.RecordTooLargeException: too large";

/** A Connect that begins with a failed task. Its task fails again at this start, or never if undefined. */
function fakeConnect(failsAtStart: number | undefined) {
  const calls: string[] = [];
  let config: ConnectorConfig = declared.config;
  let starts = 0;
  let status: ConnectorStatus = { connector: "RUNNING", tasks: [{ id: 0, state: "FAILED", trace: tooLarge }] };
  const connect = {
    config: async () => config,
    status: async () => status,
    async put(_name: string, next: ConnectorConfig) {
      calls.push("put");
      config = next;
    },
    async stop() {
      calls.push("stop");
      status = { connector: "STOPPED", tasks: [] };
    },
    async resume() {
      calls.push("resume");
      starts++;
      const task =
        starts === failsAtStart
          ? ({ id: 0, state: "FAILED", trace: tooLarge } as const)
          : ({ id: 0, state: "RUNNING" } as const);
      status = { connector: "RUNNING", tasks: [task] };
    },
  } as unknown as Connect;
  const failure = { kind: "too large", cause: "RecordTooLargeException: too large", fix: "" } as const;
  const look = async () =>
    ({
      stream: { connector: declared },
      state: status.tasks[0]?.state ?? status.connector,
      failure: status.tasks[0]?.state === "FAILED" ? failure : undefined,
    }) as unknown as Diagnosis;
  return { calls, connect, look, configNow: () => config };
}

/** Runs the sending of single events with mocked time, which the test advances. */
async function runIn(t: TestContext, { connect, look }: ReturnType<typeof fakeConnect>): Promise<Diagnosis> {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const context: Context = {
    database: {} as Database,
    connect,
    allow: new Set(),
    log: () => {},
    warn: () => {},
    signal: new AbortController().signal,
  };
  let ended = false;
  const running = runUpToFailure(context, declared, look, () => false).finally(() => {
    ended = true;
  });
  running.catch(() => {});
  while (!ended) {
    await new Promise(setImmediate);
    t.mock.timers.tick(500);
  }
  return running;
}

test("does not treat a failure from before the start as a new one", async (t) => {
  const fake = fakeConnect(1);
  const diagnosis = await runIn(t, fake);
  assert.equal(diagnosis.failure?.kind, "too large");
  assert.deepEqual(fake.calls, ["put", "stop", "resume"]);
  assert(isOneByOne(fake.configNow()));
});

test("restarts a connector that makes no progress", async (t) => {
  const fake = fakeConnect(3);
  await runIn(t, fake);
  assert.deepEqual(fake.calls, ["put", "stop", "resume", "stop", "resume", "stop", "resume"]);
});

test("rejects a connector that makes no progress after each start", async (t) => {
  const fake = fakeConnect(undefined);
  await assert.rejects(runIn(t, fake), (error) => {
    assert(error instanceof Problems);
    assert.match(error.message, /shop-outbox neither fails nor sends anything, 90 s after each of 3 starts/);
    return true;
  });
  assert.equal(fake.calls.filter((call) => call === "resume").length, 3);
});
