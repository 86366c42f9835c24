import assert from "node:assert/strict";
import { type AddressInfo, createServer } from "node:net";
import test, { type TestContext } from "node:test";
import { promisify } from "node:util";
import * as grpc from "@grpc/grpc-js";
import { ResourceProviderClient, ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as rpc from "@pulumi/pulumi/proto/provider_pb";
import { z } from "zod";
import type { Interval } from "../../../../provider/partitions/interval";
import { unknownValue } from "../../../../provider/protocol/configuration";
import { duration } from "../../../../provider/protocol/input-schemas";
import { toStruct } from "../../../../provider/protocol/properties";
import type { ResourceHandler } from "../../../../provider/protocol/resource-handler";
import { createService } from "../../../../provider/protocol/service";

interface Shelf {
  readonly name: string;
  readonly books: number;
}

/** A resource that another number of books updates, another name replaces, and zero books make invalid. */
const shelf: ResourceHandler<Shelf> = {
  noun: "Shelf",
  inputs: z.object({ name: z.string(), books: z.int("a number of books") }),
  check: (_, { books }, allow) =>
    books > 0 || allow.has("empty shelf") ? [] : [{ what: "A shelf is never empty", fix: "add a book" }],
  diff: (old, next) => [
    ...(old.name === next.name ? [] : [{ path: "name", how: "replace" as const }]),
    ...(old.books === next.books ? [] : [{ path: "books", how: "update" as const }]),
  ],
  preview: (old, next) => [`${old ? "ALTER" : "CREATE"} SHELF ${next?.name}`],
  previewLive: async (read, old, next) => [...(await read("SELECT 1")), ...shelf.preview(old, next)].map(String),
  create: () => assert.fail("nothing is made in a preview"),
  update: () => assert.fail("nothing is changed in a preview"),
  delete: () => assert.fail("nothing is deleted in a preview"),
  read: () => assert.fail("nothing is read in a preview"),
};

const urn = "urn:pulumi:dev::shop::tenantry:index:DataPlane$tenantry:index:Shelf::one";

async function serve(t: TestContext, kind = shelf as unknown as ResourceHandler<object>) {
  const told: string[] = [];
  const server = new grpc.Server();
  const engine = {
    info: (_: string, line: string) => told.push(line),
    warn: (_: string, line: string) => told.push(line),
  };
  server.addService(ResourceProviderService, createService(engine, new Map([[kind.noun, kind]])));
  const port = await promisify(server.bindAsync.bind(server))("127.0.0.1:0", grpc.ServerCredentials.createInsecure());
  const client = new ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  t.after(() => {
    client.close();
    server.forceShutdown();
  });
  return { client, told };
}

async function configure(client: ResourceProviderClient, args: object = {}): Promise<rpc.ConfigureResponse> {
  const request = new rpc.ConfigureRequest();
  request.setArgs(toStruct(args));
  return promisify<rpc.ConfigureRequest, rpc.ConfigureResponse>(client.configure.bind(client))(request);
}

async function check(client: ResourceProviderClient, news: object, of = urn): Promise<rpc.CheckResponse> {
  const request = new rpc.CheckRequest();
  request.setUrn(of);
  request.setOlds(toStruct({}));
  request.setNews(toStruct(news));
  return promisify<rpc.CheckRequest, rpc.CheckResponse>(client.check.bind(client))(request);
}

async function diff(client: ResourceProviderClient, old: object, news: object, of = urn): Promise<rpc.DiffResponse> {
  const request = new rpc.DiffRequest();
  request.setUrn(of);
  request.setOlds(toStruct(old));
  request.setNews(toStruct(news));
  return promisify<rpc.DiffRequest, rpc.DiffResponse>(client.diff.bind(client))(request);
}

async function create(client: ResourceProviderClient, news: object, preview: boolean): Promise<rpc.CreateResponse> {
  const request = new rpc.CreateRequest();
  request.setUrn(urn);
  request.setProperties(toStruct(news));
  request.setPreview(preview);
  return promisify<rpc.CreateRequest, rpc.CreateResponse>(client.create.bind(client))(request);
}

test("passes durations as text to Pulumi, in inputs and state, and as durations to the handler", async (t) => {
  interface Kept {
    readonly retention: Interval;
  }
  const seen: Kept[] = [];
  const kept: ResourceHandler<Kept> = {
    ...(shelf as unknown as ResourceHandler<Kept>),
    noun: "ProcessedEvents",
    inputs: z.object({ retention: duration }),
    diff: (old, next) => {
      seen.push(old, next);
      return [];
    },
  };
  const { client } = await serve(t, kept as unknown as ResourceHandler<object>);
  await configure(client);
  await diff(client, { retention: "1 mon 3 days" }, { retention: "4 weeks" }, urn.replace("Shelf", kept.noun));
  assert.deepEqual(seen, [{ retention: { printed: "1 mon 3 days" } }, { retention: { count: 4, unit: "week" } }]);
  const failures = (await check(client, { retention: "often" }, urn.replace("Shelf", kept.noun))).getFailuresList();
  assert.match(failures[0]?.getReason() ?? "", /^expected a whole number and a unit/);
  assert.equal(failures[0]?.getProperty(), "retention");
});

test("supports previews, and leaves secrets to the engine", async (t) => {
  const { client } = await serve(t);
  const response = await configure(client);
  assert.equal(response.getSupportspreview(), true);
  assert.equal(response.getAcceptsecrets(), false);
});

test("reports inputs of a wrong type by their property", async (t) => {
  const { client } = await serve(t);
  await configure(client);
  const failures = (await check(client, { name: "novels", books: "many" })).getFailuresList();
  assert.deepEqual(
    failures.map((failure) => [failure.getProperty(), failure.getReason()]),
    [["books", "a number of books"]],
  );
});

test("reports a handler's problems with the fix, unless the stack opts in", async (t) => {
  const { client } = await serve(t);
  await configure(client);
  const refused = (await check(client, { name: "novels", books: 0 })).getFailuresList();
  assert.match(refused[0]?.getReason() ?? "", /A shelf is never empty\n {2}fix: +add a book/);
  await configure(client, { allow: '["empty shelf"]' });
  assert.deepEqual((await check(client, { name: "novels", books: 0 })).getFailuresList(), []);
});

test("rejects another tenancy model without the opt-in", async (t) => {
  const { client } = await serve(t);
  const refusals = async (old: object, next: object) => {
    const request = new rpc.CheckRequest();
    request.setOlds(toStruct(old));
    request.setNews(toStruct(next));
    const check = promisify<rpc.CheckRequest, rpc.CheckResponse>(client.checkConfig.bind(client));
    return (await check(request)).getFailuresList().map((failure) => failure.getReason());
  };
  assert.match(
    (await refusals({ model: "shared" }, { model: "silo" })).join(),
    /would change from `shared` to `silo`.*`model: shared` in `tenantry:plan`.*add `remodel silo` to tenantry:allow/s,
  );
  assert.equal((await refusals({ model: "shared" }, { model: "silo", allow: '["remodel schema"]' })).length, 1);
  assert.deepEqual(await refusals({ model: "shared" }, { model: "silo", allow: '["remodel silo"]' }), []);
  assert.deepEqual(await refusals({ model: "silo" }, { model: "silo" }), []);
  assert.deepEqual(await refusals({}, { model: "silo" }), [], "a new stack");
});

test("lists each changed property in a diff, and whether it replaces the resource", async (t) => {
  const { client } = await serve(t);
  const response = await diff(client, { name: "novels", books: 3 }, { name: "poems", books: 4 });
  const details: Record<string, rpc.PropertyDiff.Kind> = {};
  response.getDetaileddiffMap().forEach((detail, path) => {
    details[path] = detail.getKind();
  });
  const { Kind: Change } = rpc.PropertyDiff;
  assert.deepEqual(details, { name: Change.UPDATE_REPLACE, books: Change.UPDATE });
  assert.deepEqual(response.getReplacesList(), ["name"]);
});

test("returns an empty diff if nothing changed", async (t) => {
  const { client } = await serve(t);
  const response = await diff(client, { name: "novels", books: 3 }, { name: "novels", books: 3 });
  assert.equal(response.getChanges(), rpc.DiffResponse.DiffChanges.DIFF_NONE);
});

test("previews the statements without a server", async (t) => {
  const { client, told } = await serve(t);
  await configure(client);
  await create(client, { name: "novels", books: 3 }, true);
  assert.deepEqual(told, ["CREATE SHELF novels"]);
});

test("previews nothing from unknown values", async (t) => {
  const { client, told } = await serve(t);
  await configure(client, { endpoints: unknownValue });
  await create(client, { name: unknownValue, books: 3 }, true);
  assert.deepEqual((await check(client, { name: unknownValue, books: "many" })).getFailuresList(), []);
  assert.deepEqual(told, []);
});

test("rejects applying without endpoints, with the fix", async (t) => {
  const { client } = await serve(t);
  await configure(client);
  await assert.rejects(
    create(client, { name: "novels", books: 3 }, false),
    /endpoints are not known[\s\S]*fix: +start the embedded servers/,
  );
});

test("reports a common failure of many resources once", async (t) => {
  const { client } = await serve(t);
  await configure(client);
  await assert.rejects(create(client, { name: "novels", books: 3 }, false), /endpoints are not known/);
  await assert.rejects(create(client, { name: "poems", books: 3 }, false), /see the first error of this run/);
});

test("rejects an unknown resource with the list of known ones", async (t) => {
  const { client } = await serve(t);
  await configure(client);
  await assert.rejects(
    check(client, {}, urn.replace("Shelf", "Shelves")),
    /no such resource[\s\S]*Shelves[\s\S]*Shelf/,
  );
});

test("reports a wrong configuration by its property, without its value", async (t) => {
  const { client } = await serve(t);
  const endpoints = JSON.stringify({ postgres: { host: "db", password: "hunter2" } });
  await assert.rejects(configure(client, { endpoints }), (error: Error) => {
    assert.match(error.message, /configuration is wrong at `postgres.database`/);
    assert.doesNotMatch(error.message, /hunter2/);
    return true;
  });
});

test("rejects resources before the provider is configured", async (t) => {
  const { client } = await serve(t);
  await assert.rejects(check(client, { name: "novels", books: 3 }), /before it was configured/);
});

test("previews without the database if it is unreachable", async (t) => {
  const { client, told } = await serve(t);
  await configure(client, { endpoints: endpointsAt(1) });
  await create(client, { name: "a", books: 1 }, true);
  assert.deepEqual(told, ["CREATE SHELF a"]);
});

test("treats a missing database as deleted only if the stack created it", async (t) => {
  const fields = Buffer.from('SFATAL\0C3D000\0Mdatabase "d" does not exist\0\0');
  const length = Buffer.alloc(4);
  length.writeInt32BE(fields.length + 4);
  const postgres = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end(Buffer.concat([Buffer.from("E"), length, fields])));
  });
  await new Promise<void>((listening) => postgres.listen(0, "127.0.0.1", listening));
  t.after(() => postgres.close());
  const endpoints = endpointsAt((postgres.address() as AddressInfo).port);

  const silo = (await serve(t)).client;
  await configure(silo, { endpoints, made: "true" });
  assert.equal((await read(silo)).getId(), "");
  assert.equal((await read(silo)).getId(), "", "not only the first");

  const main = (await serve(t)).client;
  await configure(main, { endpoints });
  await assert.rejects(read(main), /has no database "d"[\s\S]*correct `database` in the stack's endpoints/);
});

function endpointsAt(port: number): string {
  return JSON.stringify({
    postgres: { host: "127.0.0.1", port, database: "d", user: "u", password: "p", sslmode: "disable" },
    kafka: { bootstrapServers: ["k:1"] },
    connect: { url: "http://c", databasePassword: "${file:a:b}" },
  });
}

async function read(client: ResourceProviderClient): Promise<rpc.ReadResponse> {
  const request = new rpc.ReadRequest();
  request.setUrn(urn);
  request.setId("novels");
  request.setProperties(toStruct({ name: "novels", books: 3 }));
  return promisify<rpc.ReadRequest, rpc.ReadResponse>(client.read.bind(client))(request);
}
