import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { type Problem, Problems, refuseIfAny } from "../common/problem";
import { listNames, suggest } from "../common/suggestion";
import type { KubernetesSettings } from "../settings/kubernetes-settings";
import type { ApiOf } from "./kubernetes-client";

export type KubeConfig = ApiOf<"KubeConfig">;

/** The files of the kubeconfig, in the order in which kubectl reads them. */
export function kubeconfigFiles(env: NodeJS.ProcessEnv = process.env): string[] {
  const named = (env.KUBECONFIG ?? "").split(delimiter).filter((file) => file !== "");
  return named.length > 0 ? named : [join(homedir(), ".kube", "config")];
}

/**
 * Reads the kubeconfig and makes the stack's context the current one.
 * Throws Problems unless that context is there and leads to the cluster that the stack belongs to.
 */
export async function openKubeconfig(
  { context, server }: Pick<KubernetesSettings, "context" | "server">,
  files: readonly string[] = kubeconfigFiles(),
): Promise<KubeConfig> {
  // Loaded here because the import takes half a second and most commands need no cluster.
  const { KubeConfig } = await import("@kubernetes/client-node");
  const read = files.filter((file) => existsSync(file)).map((file) => readFile(new KubeConfig(), file));
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: firstOfEach(read.flatMap(({ clusters }) => clusters)),
    users: firstOfEach(read.flatMap(({ users }) => users)),
    contexts: firstOfEach(read.flatMap(({ contexts }) => contexts)),
    currentContext: context,
  });
  refuseIfAny(contextProblems(config, context, server, files));
  return config;
}

function readFile(config: KubeConfig, file: string): KubeConfig {
  try {
    config.loadFromFile(file);
    return config;
  } catch (error) {
    throw new Problems([
      {
        what: "The kubeconfig cannot be read",
        got: error instanceof Error ? error.message : String(error),
        expected: "a file as `kubectl config view` shows it",
        fix: "Correct it, or point KUBECONFIG to another file",
        at: { file },
      },
    ]);
  }
}

/** If a name occurs twice, the entry of the first file wins, as in kubectl. */
function firstOfEach<Named extends { readonly name: string }>(all: readonly Named[]): Named[] {
  return [...new Map(all.toReversed().map((one) => [one.name, one])).values()];
}

function contextProblems(
  config: KubeConfig,
  context: string,
  server: string | undefined,
  files: readonly string[],
): Problem[] {
  const names = config.contexts.map(({ name }) => name).toSorted();
  if (!names.includes(context)) {
    const meant = suggest(context, names);
    return [
      {
        what: `The kubeconfig has no context \`${context}\`, to which this stack belongs`,
        got: listNames(names),
        expected: `a context \`${context}\` in ${files.join(", ")}`,
        fix: meant
          ? `Set \`tenantry:kubernetes.context\` to \`${meant}\`, if that is the stack's cluster`
          : "Point KUBECONFIG to the file that has it, or name the stack's own context in `tenantry:kubernetes.context`",
      },
    ];
  }
  const found = config.getCurrentCluster()?.server;
  if (found !== undefined && (server === undefined || found === server)) return [];
  return [
    {
      what: `The context \`${context}\` leads to another cluster than the stack belongs to`,
      got: found ?? "a context without a cluster",
      expected: server ?? "the address of an API server",
      fix: "Correct the context in the kubeconfig, or choose the stack that belongs to that cluster",
    },
  ];
}
