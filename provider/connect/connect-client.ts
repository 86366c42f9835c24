import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { ConnectEndpoint } from "../../architecture/endpoints";
import { connectDown, connectRefuses, connectStarting, connectUnauthorized, pluginMissing } from "./connect-problems";
import type { Connect, ConnectorConfig, ConnectorOffset, Validation } from "./connect-state";
import { connectorStates } from "./connect-state";

export interface ConnectOptions {
  /** Aborts every wait. */
  readonly signal?: AbortSignal;
  /** Time in which the port may refuse connections, in ms. @default 10 s */
  readonly refusedPatienceMs?: number;
  /** Time in which a worker may start or rebalance, in ms. @default 2 min */
  readonly startPatienceMs?: number;
  /**
   * Timeout of one request, in ms. It is longer than the 90 s after which Connect itself gives up and says why.
   * @default 100 s
   */
  readonly requestTimeoutMs?: number;
}

const pauseMs = 500;

/** Creates the client. It sends nothing before the first call. */
export function openConnect(endpoint: ConnectEndpoint, options: ConnectOptions = {}): Connect {
  return new ConnectClient(endpoint, options);
}

interface Call {
  readonly method: "GET" | "PUT" | "POST" | "PATCH" | "DELETE";
  readonly path: string;
  readonly body?: object;
}

/** Answer: Connect's JSON, or that the connector does not exist. */
type Answer = { readonly body: unknown } | "missing";

class ConnectClient implements Connect {
  private healthy: Promise<void> | undefined;

  constructor(
    private readonly endpoint: ConnectEndpoint,
    private readonly options: ConnectOptions,
  ) {}

  async names(): Promise<readonly string[]> {
    return (await this.read(z.array(z.string()), { method: "GET", path: "/connectors" })).toSorted();
  }

  async classes(): Promise<readonly string[]> {
    return (await this.plugins()).map((plugin) => plugin.class);
  }

  async validate(name: string, config: ConnectorConfig): Promise<Validation> {
    const pluginClass = config["connector.class"] ?? "";
    await this.requirePlugin(pluginClass);
    const path = `/connector-plugins/${encodeURIComponent(pluginClass)}/config/validate`;
    const { configs } = await this.read(validation, { method: "PUT", path, body: { ...config, name } });
    return {
      errors: configs.flatMap(({ value }) =>
        (value?.errors ?? []).map((message) => ({ key: value?.name ?? "", message })),
      ),
      known: configs.flatMap(({ definition, value }) => definition?.name ?? value?.name ?? []),
    };
  }

  async config(name: string): Promise<ConnectorConfig | undefined> {
    const found = await this.find(z.record(z.string(), z.string()), get(name, "/config"));
    if (!found) return undefined;
    const { name: _, ...config } = found;
    return config;
  }

  async put(name: string, config: ConnectorConfig): Promise<void> {
    await this.call({ method: "PUT", path: `${connectorPath(name)}/config`, body: config });
  }

  async status(name: string) {
    const found = await this.find(status, get(name, "/status"));
    return found && { connector: found.connector.state, trace: found.connector.trace, tasks: found.tasks };
  }

  async offsets(name: string) {
    return (await this.find(offsets, get(name, "/offsets")))?.offsets ?? [];
  }

  async stop(name: string): Promise<void> {
    await this.call({ method: "PUT", path: `${connectorPath(name)}/stop` });
  }

  async resume(name: string): Promise<void> {
    await this.call({ method: "PUT", path: `${connectorPath(name)}/resume` });
  }

  async restart(name: string): Promise<void> {
    await this.call({ method: "POST", path: `${connectorPath(name)}/restart?includeTasks=true` });
  }

  async setOffset(name: string, offset: ConnectorOffset): Promise<void> {
    await this.call({ method: "PATCH", path: `${connectorPath(name)}/offsets`, body: { offsets: [offset] } });
  }

  async deleteOffsets(name: string): Promise<void> {
    await this.call({ method: "DELETE", path: `${connectorPath(name)}/offsets` });
  }

  async delete(name: string): Promise<void> {
    await this.call({ method: "DELETE", path: connectorPath(name) });
  }

  private async requirePlugin(pluginClass: string): Promise<void> {
    const installed = await this.plugins();
    if (!installed.some((plugin) => plugin.class === pluginClass))
      throw pluginMissing(this.url, pluginClass, installed);
  }

  private plugins() {
    return this.read(plugins, { method: "GET", path: "/connector-plugins" });
  }

  private async read<T>(schema: z.ZodType<T>, call: Call): Promise<T> {
    const found = await this.find(schema, call);
    if (found === undefined) throw connectRefuses(this.url, call, 404, "not found");
    return found;
  }

  private async find<T>(schema: z.ZodType<T>, call: Call): Promise<T | undefined> {
    const answer = await this.call(call);
    return answer === "missing" ? undefined : schema.parse(answer.body);
  }

  private async call(call: Call): Promise<Answer> {
    this.healthy ??= this.untilAnswered({ method: "GET", path: "/health" }).then(() => undefined);
    try {
      await this.healthy;
    } catch (error) {
      this.healthy = undefined;
      throw error;
    }
    return this.untilAnswered(call);
  }

  /**
   * A starting worker refuses connections, then lacks the path, then is not ready. A rebalancing group answers with a
   * conflict.
   */
  private async untilAnswered(call: Call): Promise<Answer> {
    const { refusedPatienceMs = 10_000, startPatienceMs = 120_000, signal } = this.options;
    const started = Date.now();
    for (;;) {
      signal?.throwIfAborted();
      const waited = Date.now() - started;
      const response = await this.fetch(call).catch((error: unknown) => {
        signal?.throwIfAborted();
        if (waited >= refusedPatienceMs) throw connectDown(this.url, error);
        return undefined;
      });
      if (response) {
        const answer = this.judge(call, response);
        if (answer !== "starting") return answer;
        if (waited >= startPatienceMs) throw connectStarting(this.url, startPatienceMs, errorText(response.text));
      }
      await sleep(pauseMs, undefined, signal ? { signal } : {});
    }
  }

  private judge(call: Call, { status, text }: Reply): Answer | "starting" {
    if (status < 300) return { body: text === "" ? undefined : JSON.parse(text) };
    if (status === 401 || status === 403) throw connectUnauthorized(this.url, status);
    // Only Connect itself names an unknown connector; before it is ready, its HTTP server answers 404 without a name.
    if (status === 404 && isConnectError(text)) return "missing";
    if (status === 404 || status === 409 || status === 503 || call.path === "/health") return "starting";
    // Connect's message, instead of 409, if the rebalance begins during the request.
    if (status === 500 && /rebalance/i.test(errorText(text))) return "starting";
    throw connectRefuses(this.url, call, status, errorText(text));
  }

  private async fetch({ method, path, body }: Call): Promise<Reply> {
    const timeout = AbortSignal.timeout(this.options.requestTimeoutMs ?? 100_000);
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        ...(body ? { "content-type": "application/json" } : {}),
        ...authorization(this.endpoint),
      },
      body: body ? JSON.stringify(body) : null,
      signal: this.options.signal ? AbortSignal.any([this.options.signal, timeout]) : timeout,
    });
    return { status: response.status, text: await response.text() };
  }

  private get url(): string {
    return this.endpoint.url;
  }
}

/** Header of basic authentication, if the endpoint has a login. */
export function authorization({ user, password = "" }: Pick<ConnectEndpoint, "user" | "password">): {
  readonly authorization?: string;
} {
  if (user === undefined) return {};
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` };
}

interface Reply {
  readonly status: number;
  readonly text: string;
}

const plugins = z.array(z.object({ class: z.string(), version: z.string().nullish() }));

/** Keys that the plugin does not define have no definition, and their value may be null. */
const validation = z.object({
  configs: z.array(
    z.object({
      definition: z.object({ name: z.string() }).nullish(),
      value: z.object({ name: z.string(), errors: z.array(z.string()).nullish() }).nullish(),
    }),
  ),
});

const state = z.enum(connectorStates);
const trace = z.string().optional();
const status = z.object({
  connector: z.object({ state, trace }),
  tasks: z.array(z.object({ id: z.number(), state, trace })),
});

const record = z.record(z.string(), z.unknown());
const offsets = z.object({ offsets: z.array(z.object({ partition: record, offset: record.nullable() })) });

const connectError = z.object({ error_code: z.number(), message: z.string() });

function isConnectError(text: string): boolean {
  return connectError.safeParse(parseJson(text)).success;
}

/** Connect's message, or the start of any other answer. */
function errorText(text: string): string {
  const parsed = z.object({ message: z.string() }).safeParse(parseJson(text));
  return parsed.success
    ? parsed.data.message
    : text
        .replaceAll(/<[^>]*>|\s+/g, " ")
        .trim()
        .slice(0, 200);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function connectorPath(name: string): string {
  return `/connectors/${encodeURIComponent(name)}`;
}

function get(name: string, path: string): Call {
  return { method: "GET", path: connectorPath(name) + path };
}
