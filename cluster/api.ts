import type { KubeConfig } from "./kubeconfig";
import type { ApiOf } from "./kubernetes-client";

/** What is asked of a cluster's API server. */
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

/** An API server that takes longer is as good as none. */
export const answerWithinMs = 20_000;

/** The API of the current context's cluster. Nothing is asked yet. */
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

/** The HTTP status of a refusal, or undefined where there was no answer. */
export function statusOf(error: unknown): number | undefined {
  const code = (error as { readonly code?: unknown }).code;
  return typeof code === "number" ? code : undefined;
}

const namesOfSilence = new Set(["AbortError", "TimeoutError"]);

/** Whether the API server refused or the way to it failed, which is no fault of the code that asked. */
export function isOfCluster(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  // A system error also where a kubeconfig's credentials come of a program that can't be run.
  return (
    statusOf(error) !== undefined || error.name === "FetchError" || namesOfSilence.has(error.name) || "syscall" in error
  );
}

/** What the API server said, or why it was not reached; never a credential. */
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
