import assert from "node:assert/strict";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import test, { type TestContext } from "node:test";
import { Problems } from "../../../../common/problem";
import { openConnect } from "../../../../provider/connect/connect-client";

/** A worker's answers to `METHOD PATH`, one after another, and then always the last. */
type Script = Readonly<Record<string, readonly (readonly [status: number, body: unknown])[]>>;

const patience = { refusedPatienceMs: 300, startPatienceMs: 1_200 };
const healthy = { "GET /health": [[200, { status: "healthy", message: "" }]] } as const;
const missing = [404, { error_code: 404, message: "Connector c not found" }] as const;
const html = [404, "<html>Not Found</html>"] as const;

async function startWorker(t: TestContext, script: Script) {
  const seen: { readonly call: string; readonly login: string | undefined }[] = [];
  const left = new Map(Object.entries(script).map(([call, answers]) => [call, [...answers]]));
  const server = createServer((request: IncomingMessage, response) => {
    const call = `${request.method} ${request.url}`;
    seen.push({ call, login: request.headers.authorization });
    const answers = left.get(call) ?? [[599, `nothing is prepared for ${call}`]];
    const [status, body] = (answers.length > 1 ? answers.shift() : answers[0]) ?? [599, ""];
    response.writeHead(status).end(typeof body === "string" ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, seen, connect: openConnect({ url, databasePassword: "${file:x:y}" }, patience) };
}

async function refusalOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => assert.fail("it should have failed"),
    (error: unknown) => error,
  );
  assert(error instanceof Problems, String(error));
  return error.message;
}

test("removes the name that Connect adds to a configuration", async (t) => {
  const { connect } = await startWorker(t, {
    ...healthy,
    "GET /connectors/c/config": [[200, { name: "c", "tasks.max": "1" }]],
  });
  assert.deepEqual(await connect.config("c"), { "tasks.max": "1" });
});

test("returns undefined for an unknown connector, and accepts its deletion", async (t) => {
  const { connect } = await startWorker(t, {
    ...healthy,
    "GET /connectors/c/config": [missing],
    "GET /connectors/c/offsets": [missing],
    "PUT /connectors/c/stop": [missing],
    "DELETE /connectors/c/offsets": [missing],
    "DELETE /connectors/c": [missing],
  });
  assert.equal(await connect.config("c"), undefined);
  assert.deepEqual(await connect.offsets("c"), []);
  await connect.stop("c");
  await connect.deleteOffsets("c");
  await connect.delete("c");
});

test("waits for a starting worker, and does not treat its 404 as a missing connector", async (t) => {
  const { connect } = await startWorker(t, {
    "GET /health": [html, [503, { status: "starting", message: "Worker is starting" }], [200, {}]],
    "GET /connectors/c/config": [html, [200, { name: "c" }]],
  });
  assert.deepEqual(await connect.config("c"), {});
});

test("waits for a group that rebalances", async (t) => {
  const conflict = [
    409,
    { error_code: 409, message: "Cannot complete request momentarily due to a rebalance" },
  ] as const;
  const expected = [
    500,
    { error_code: 500, message: "Request cannot be completed because a rebalance is expected" },
  ] as const;
  const answers = [conflict, expected, [202, ""]] as const;
  const { connect, seen } = await startWorker(t, { ...healthy, "PUT /connectors/c/stop": answers });
  await connect.stop("c");
  assert.equal(seen.filter(({ call }) => call === "PUT /connectors/c/stop").length, 3);
});

test("reports a worker that never becomes ready, with its last answer", async (t) => {
  const { connect } = await startWorker(t, {
    "GET /health": [[503, { status: "starting", message: "Worker is still reading its internal topics" }]],
  });
  const told = await refusalOf(connect.config("c"));
  assert.match(told, /is not ready after 1 s\n {2}got: +Worker is still reading its internal topics/);
  assert.match(told, /can't start without Kafka/);
});

test("reports an address where no process listens, with the fix", async () => {
  const connect = openConnect({ url: "http://127.0.0.1:9", databasePassword: "${file:x:y}" }, patience);
  const told = await refusalOf(connect.config("c"));
  assert.match(told, /Kafka Connect does not answer at http:\/\/127\.0\.0\.1:9\n/);
  assert.match(told, /fix: +start it, or correct `connect\.url`/);
});

test("reports a worker that accepts a request and never answers", async (t) => {
  const server = createServer(() => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.closeAllConnections());
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const connect = openConnect({ url, databasePassword: "${file:x:y}" }, { ...patience, requestTimeoutMs: 200 });
  assert.match(await refusalOf(connect.config("c")), /got: +no answer in time/);
});

test("sends the login if there is one, and reports a refused login without showing it", async (t) => {
  const { url, seen } = await startWorker(t, { "GET /health": [[401, ""]] });
  const login = { user: "ops", password: "hunter2" };
  const connect = openConnect({ url, databasePassword: "${file:x:y}", ...login }, patience);
  const told = await refusalOf(connect.config("c"));
  assert.match(told, /refused the login\n {2}got: +HTTP 401/);
  assert.doesNotMatch(told, /hunter2|b3Bz/);
  assert.equal(seen[0]?.login, `Basic ${btoa("ops:hunter2")}`);
});

test("reports a missing plugin with the list of installed ones", async (t) => {
  const { connect } = await startWorker(t, {
    ...healthy,
    "GET /connector-plugins": [[200, [{ class: "a.B", version: "1" }, { class: "c.D" }]]],
  });
  const told = await refusalOf(connect.validate("c", { "connector.class": "x.Y" }));
  assert.match(told, /got: +installed: a\.B 1, c\.D\n {2}expected: x\.Y/);
});

test("reads errors and known keys from a validation with nulls", async (t) => {
  const { connect } = await startWorker(t, {
    ...healthy,
    "GET /connector-plugins": [[200, [{ class: "a.B", version: null }]]],
    "PUT /connector-plugins/a.B/config/validate": [
      [
        200,
        {
          configs: [
            { definition: { name: "k" }, value: { name: "k", value: "1", errors: ["too small"] } },
            { definition: null, value: { name: "extra", errors: null } },
            { definition: { name: "l" }, value: null },
          ],
        },
      ],
    ],
  });
  assert.deepEqual(await connect.validate("c", { "connector.class": "a.B" }), {
    errors: [{ key: "k", message: "too small" }],
    known: ["k", "extra", "l"],
  });
});

test("reports other failures of Connect with their message", async (t) => {
  const { connect } = await startWorker(t, {
    ...healthy,
    "PUT /connectors/c/config": [[500, { error_code: 500, message: "Cannot invoke String.length()" }]],
  });
  const told = await refusalOf(connect.put("c", {}));
  assert.match(told, /refused PUT http.*\/connectors\/c\/config\n {2}got: +HTTP 500: Cannot invoke String\.length\(\)/);
});

test("stops waiting at once when the run is cancelled", async () => {
  const abort = new AbortController();
  const connect = openConnect(
    { url: "http://127.0.0.1:9", databasePassword: "${file:x:y}" },
    { refusedPatienceMs: 60_000, signal: abort.signal },
  );
  const work = connect.config("c");
  setTimeout(() => abort.abort(), 50);
  await assert.rejects(work, { name: "AbortError" });
});
