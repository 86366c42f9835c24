import type { KubeConfig } from "./kubeconfig";
import type { ApiOf } from "./kubernetes-client";

/** The clients for a cluster's API server that the toolkit uses. */
export interface ClusterApi {
  readonly server: string;
  readonly context: string;
  readonly version: ApiOf<"VersionApi">;
  readonly core: ApiOf<"CoreV1Api">;
  readonly apps: ApiOf<"AppsV1Api">;
  readonly batch: ApiOf<"BatchV1Api">;
  readonly storage: ApiOf<"StorageV1Api">;
  readonly authorization: ApiOf<"AuthorizationV1Api">;
  readonly custom: ApiOf<"CustomObjectsApi">;
}

/** Longest wait for an answer; a slower API server counts as unreachable. */
const answerWithinMs = 20_000;

/** Makes the clients for the current context's cluster. Sends no request yet. */
export async function clusterApi(config: KubeConfig): Promise<ClusterApi> {
  const client = await import("@kubernetes/client-node");
  const server = config.getCurrentCluster()?.server ?? "";
  const settings = client.createConfiguration({
    baseServer: new client.ServerConfiguration(server, {}),
    authMethods: { default: config },
    promiseMiddleware: [
      {
        pre: async (request) => {
          request.setSignal(AbortSignal.timeout(answerWithinMs));
          return request;
        },
        post: async (response) => response,
      },
    ],
  });
  return {
    server,
    context: config.currentContext,
    version: new client.VersionApi(settings),
    core: new client.CoreV1Api(settings),
    apps: new client.AppsV1Api(settings),
    batch: new client.BatchV1Api(settings),
    storage: new client.StorageV1Api(settings),
    authorization: new client.AuthorizationV1Api(settings),
    custom: new client.CustomObjectsApi(settings),
  };
}

/** The HTTP status of an error answer; undefined if there was no answer. */
export function statusOf(error: unknown): number | undefined {
  const code = (error as { readonly code?: unknown }).code;
  return typeof code === "number" ? code : undefined;
}

const namesOfSilence = new Set(["AbortError", "TimeoutError"]);

/** True if the API server refused the request or could not be reached; false if the error comes from our own code. */
export function isOfCluster(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  // A kubeconfig may name a program that prints credentials; if that program can't be run, the error is a system error too.
  return (
    statusOf(error) !== undefined || error.name === "FetchError" || namesOfSilence.has(error.name) || "syscall" in error
  );
}

/** The API server's message, or the reason why it was not reached. Contains no credential. */
export function reasonOf(error: unknown): string {
  const { body, message, name } = error as {
    readonly body?: unknown;
    readonly message?: string;
    readonly name?: string;
  };
  if (name !== undefined && namesOfSilence.has(name)) return `no answer within ${answerWithinMs / 1_000} s`;
  const said = typeof body === "string" ? parsedMessage(body) : (body as { readonly message?: string })?.message;
  return (said ?? message ?? String(error)).split("\n", 1)[0] ?? "";
}

function parsedMessage(body: string): string | undefined {
  try {
    return (JSON.parse(body) as { readonly message?: string }).message;
  } catch {
    return body.trim() || undefined;
  }
}
