import {
  type handleUnaryCall,
  type ServerUnaryCall,
  type sendUnaryData,
  status,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import * as rpc from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { z } from "zod";
import { Problems, renderProblem } from "../../common/problem";
import { manifest } from "../../common/system/checkout";
import { errorCode, sqlState } from "../postgres/postgres-connection";
import { type Configuration, parseConfiguration } from "./configuration";
import type { Engine } from "./engine";
import { fromWire, toWire } from "./input-schemas";
import { modelProblems } from "./model-change";
import { fromStruct, hasUnknowns, type Properties, toStruct } from "./properties";
import { type ProviderConnections, startProviderConnections } from "./provider-connections";
import type { Context } from "./resource-context";
import type { Difference, ResourceHandler } from "./resource-handler";

/**
 * Serves Pulumi's provider protocol with the handlers:
 * https://github.com/pulumi/pulumi/blob/master/proto/pulumi/provider.proto
 */
export function createService(
  engine: Engine,
  handlers: ReadonlyMap<string, ResourceHandler<object>>,
): UntypedServiceImplementation {
  const handlerOf = (urn: string) => findHandler(handlers, urn);
  let configured: Configured | undefined;
  const current = () => {
    if (!configured) throw new Problems([notConfigured]);
    return configured;
  };

  const runChange = async <T>(
    contextOf: (connections: ProviderConnections) => Promise<Context>,
    change: (context: Context) => Promise<T>,
  ): Promise<T> => {
    const { connections } = current();
    try {
      return await change(await contextOf(connections));
    } finally {
      connections.dataChanged();
    }
  };

  return {
    getPluginInfo: answer(() => {
      const info = new PluginInfo();
      info.setVersion(manifest.version);
      return info;
    }),
    getSchema: answer(() => {
      const response = new rpc.GetSchemaResponse();
      response.setSchema(JSON.stringify({ name: "tenantry", version: manifest.version }));
      return response;
    }),
    checkConfig: answer((request: rpc.CheckRequest) => {
      const [old, news] = [fromStruct(request.getOlds()), fromStruct(request.getNews())];
      if (!hasUnknowns(news)) parseConfiguration(news);
      return checked(
        news,
        modelProblems(old, news).map((problem) => ["", renderProblem(problem)] as const),
      );
    }),
    diffConfig: answer((request: rpc.DiffRequest) => {
      const [old, next] = [fromStruct(request.getOldInputs()), fromStruct(request.getNews())];
      const names = [...new Set([...Object.keys(old), ...Object.keys(next)])].sort();
      const changed = names.filter((name) => JSON.stringify(old[name]) !== JSON.stringify(next[name]));
      return differences(
        old,
        next,
        changed.map((path) => ({ path, how: "update" as const })),
      );
    }),
    configure: answer((request: rpc.ConfigureRequest) => {
      const configuration = parseConfiguration(fromStruct(request.getArgs()));
      configured = { configuration, connections: startProviderConnections(configuration, engine) };
      const response = new rpc.ConfigureResponse();
      // Without accepted secrets, the engine unwraps them here and marks them again in the state.
      response.setAcceptsecrets(false);
      response.setSupportspreview(true);
      return response;
    }),

    check: answer((request: rpc.CheckRequest) => {
      const [old, news] = [fromStruct(request.getOlds()), fromStruct(request.getNews())];
      if (hasUnknowns(news)) return checked(news, []);
      const handler = handlerOf(request.getUrn());
      const parsed = handler.inputs.safeParse(news);
      if (!parsed.success) {
        return checked(
          news,
          parsed.error.issues.map((issue) => [issue.path.join("."), issue.message] as const),
        );
      }
      const known = Object.keys(old).length > 0 ? fromWire(handler.noun, old) : undefined;
      const problems = handler.check?.(known, parsed.data, current().configuration.allow) ?? [];
      return checked(
        news,
        problems.map((problem) => ["", renderProblem(problem)] as const),
      );
    }),
    diff: answer(async (request: rpc.DiffRequest) => {
      const handler = handlerOf(request.getUrn());
      const news = fromStruct(request.getNews());
      if (hasUnknowns(news)) return new rpc.DiffResponse();
      const old = await liveState(configured?.connections, handler, stateOf(handler, request.getOlds()));
      const found = handler.diff(old, handler.inputs.parse(news), configured?.configuration.endpoints?.postgres);
      return differences(old, news, found);
    }),
    create: answer(async (request: rpc.CreateRequest) => {
      const handler = handlerOf(request.getUrn());
      const news = fromStruct(request.getProperties());
      const response = new rpc.CreateResponse();
      if (request.getPreview()) {
        await showPlan(engine, configured?.connections, request.getUrn(), handler, undefined, news);
        response.setProperties(toStruct(news));
        return response;
      }
      const created = await runChange(
        (connections) => connections.contextForChange(request.getUrn()),
        (context) => handler.create(context, handler.inputs.parse(news)),
      );
      response.setId(created.id);
      response.setProperties(toStruct(toWire(handler.noun, created.state)));
      return response;
    }),
    update: answer(async (request: rpc.UpdateRequest) => {
      const handler = handlerOf(request.getUrn());
      const [old, news] = [stateOf(handler, request.getOlds()), fromStruct(request.getNews())];
      const response = new rpc.UpdateResponse();
      if (request.getPreview()) {
        const now = await liveState(configured?.connections, handler, old);
        await showPlan(engine, configured?.connections, request.getUrn(), handler, now, news);
        response.setProperties(toStruct(news));
        return response;
      }
      const state = await runChange(
        (connections) => connections.contextForChange(request.getUrn()),
        (context) => handler.update(context, request.getId(), old, handler.inputs.parse(news)),
      );
      response.setProperties(toStruct(toWire(handler.noun, state)));
      return response;
    }),
    delete: answer(async (request: rpc.DeleteRequest) => {
      const handler = handlerOf(request.getUrn());
      const old = stateOf(handler, request.getProperties());
      await runChange(
        (connections) => connections.context(request.getUrn()),
        (context) => handler.delete(context, request.getId(), old),
      );
      return new Empty();
    }),
    read: answer(async (request: rpc.ReadRequest) => {
      const handler = handlerOf(request.getUrn());
      const old = stateOf(handler, request.getProperties());
      const known = Object.keys(old).length > 0 ? old : undefined;
      const response = new rpc.ReadResponse();
      const context = await contextUnlessGone(current(), request.getUrn());
      const found = context && (await handler.read(context, request.getId(), known));
      if (!found) return response;
      response.setId(request.getId());
      response.setProperties(toStruct(toWire(handler.noun, found)));
      response.setInputs(toStruct(z.encode(handler.inputs, found) as object));
      return response;
    }),
    cancel: answer(() => {
      configured?.connections.cancel();
      return new Empty();
    }),
    attach: answer(() => new Empty()),
  };
}

/**
 * Returns undefined if the stack's own database is gone. Everything in it is gone too, and the next `up` creates it
 * again.
 */
async function contextUnlessGone(
  { connections, configuration }: Configured,
  urn: string,
): Promise<Context | undefined> {
  try {
    return await connections.context(urn);
  } catch (error) {
    if (configuration.made && errorCode(error) === sqlState.undefinedDatabase) return undefined;
    throw error;
  }
}

interface Configured {
  readonly configuration: Configuration;
  readonly connections: ProviderConnections;
}

const notConfigured = {
  what: "The provider `tenantry` was asked to work before it was configured",
  fix: "pass an explicit `new tenantry.Provider(...)` to the resource, as index.ts does",
};

/** `urn:pulumi:STACK::PROJECT::PARENT$tenantry:index:NOUN::NAME`. */
function findHandler(handlers: ReadonlyMap<string, ResourceHandler<object>>, urn: string): ResourceHandler<object> {
  const noun = urn.split("::")[2]?.split(":").at(-1) ?? "";
  const handler = handlers.get(noun);
  if (handler) return handler;
  throw new Problems([
    {
      what: "The provider `tenantry` has no such resource",
      got: noun,
      expected: [...handlers.keys()].join(", "),
      fix: "use one of these; a newer program needs a newer tenantry",
    },
  ]);
}

function stateOf(handler: ResourceHandler<object>, stored: Struct | undefined): Properties {
  return fromWire(handler.noun, fromStruct(stored));
}

/** Returns the current state if the database answers, else the stored state. */
async function liveState(
  connections: ProviderConnections | undefined,
  handler: ResourceHandler<object>,
  old: Properties,
): Promise<Properties> {
  const { readLive } = handler;
  const now = await connections?.tryQuery(async (live) => readLive?.(live, old));
  return now ? { ...now } : old;
}

async function showPlan(
  engine: Engine,
  connections: ProviderConnections | undefined,
  urn: string,
  handler: ResourceHandler<object>,
  old: Properties | undefined,
  news: Properties,
): Promise<void> {
  if (hasUnknowns(news)) return;
  const { previewLive } = handler;
  const next = handler.inputs.parse(news);
  const lines =
    (await connections?.tryQuery(async ({ read }) => previewLive?.(read, old, next))) ?? handler.preview(old, next);
  if (lines.length > 0) engine.info(urn, lines.join("\n"));
}

function checked(inputs: Properties, failures: readonly (readonly [property: string, reason: string])[]) {
  const response = new rpc.CheckResponse();
  response.setInputs(toStruct(inputs));
  response.setFailuresList(
    failures.map(([property, reason]) => {
      const failure = new rpc.CheckFailure();
      failure.setProperty(property);
      failure.setReason(reason);
      return failure;
    }),
  );
  return response;
}

function differences(old: Properties, next: Properties, found: readonly Difference[]): rpc.DiffResponse {
  const { DiffChanges } = rpc.DiffResponse;
  const response = new rpc.DiffResponse();
  response.setChanges(found.length > 0 ? DiffChanges.DIFF_SOME : DiffChanges.DIFF_NONE);
  response.setHasdetaileddiff(true);
  response.setDeletebeforereplace(true); // Two resources can't hold the same table, slot or connector.
  for (const { path, how } of found) {
    response.addDiffs(path);
    if (how === "replace") response.addReplaces(path);
    const detail = new rpc.PropertyDiff();
    detail.setKind(changeOf(old, next, path, how));
    detail.setInputdiff(false);
    response.getDetaileddiffMap().set(path, detail);
  }
  return response;
}

function changeOf(old: Properties, next: Properties, path: string, how: Difference["how"]) {
  const { Kind: Change } = rpc.PropertyDiff;
  const replaces = how === "replace";
  const root = path.split(/[.[]/)[0] ?? path;
  if (!(root in old)) return replaces ? Change.ADD_REPLACE : Change.ADD;
  if (!(root in next)) return replaces ? Change.DELETE_REPLACE : Change.DELETE;
  return replaces ? Change.UPDATE_REPLACE : Change.UPDATE;
}

/** Answers one call. The user gets an error's message, with a stack trace only if the error is a bug of tenantry. */
function answer<Request, Response>(
  work: (request: Request) => Response | Promise<Response>,
): handleUnaryCall<Request, Response> {
  return (call: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>) => {
    Promise.resolve()
      .then(() => work(call.request))
      .then((response) => callback(null, response))
      .catch((error: unknown) => callback({ code: status.UNKNOWN, details: describe(error) }, null));
  };
}

function describe(error: unknown): string {
  if (error instanceof Problems) return `\n${error.message}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
