import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import type { KubernetesSettings } from "../architecture/kubernetes";
import { type Problem, refuseIfAny } from "../architecture/problem";
import { listNames, suggest } from "../architecture/suggestion";

const kubeconfigSchema = z.object({
  clusters: z.array(z.object({ name: z.string(), cluster: z.object({ server: z.string() }) })).nullish(),
  contexts: z.array(z.object({ name: z.string(), context: z.object({ cluster: z.string() }) })).nullish(),
});

/** The kubeconfig's files, in the order in which kubectl reads them. */
export function kubeconfigFiles(env: NodeJS.ProcessEnv = process.env): string[] {
  const named = (env["KUBECONFIG"] ?? "").split(delimiter).filter((file) => file !== "");
  return named.length > 0 ? named : [join(homedir(), ".kube", "config")];
}

/** Ends with Problems unless the context is there and leads to the cluster that the stack belongs to. */
export function requireCluster(
  { context, server }: Pick<KubernetesSettings, "context" | "server">,
  files: readonly string[],
): void {
  refuseIfAny(clusterProblems(context, server, files));
}

function clusterProblems(context: string, server: string | undefined, files: readonly string[]): Problem[] {
  const servers = serversByContext(files);
  const found = servers.get(context);
  if (found === undefined && !servers.has(context)) {
    const meant = suggest(context, [...servers.keys()]);
    return [
      {
        what: `The kubeconfig has no context \`${context}\`, to which this stack belongs`,
        got: listNames([...servers.keys()]),
        expected: `a context \`${context}\` in ${files.join(", ")}`,
        fix: meant
          ? `Set \`tenantry:kubernetes.context\` to \`${meant}\`, if that is the stack's cluster`
          : "Point KUBECONFIG to the file that has it, or name the stack's own context in `tenantry:kubernetes.context`",
      },
    ];
  }
  if (server === undefined || found === server) return [];
  return [
    {
      what: `The context \`${context}\` leads to another cluster than the stack belongs to`,
      got: found ?? "a context without a cluster",
      expected: server,
      fix: "Correct the context in the kubeconfig, or choose the stack that belongs to that cluster",
    },
  ];
}

/** Where a name is given twice, the first file wins, as with kubectl. */
function serversByContext(files: readonly string[]): ReadonlyMap<string, string | undefined> {
  const read = files
    .filter((file) => existsSync(file))
    .flatMap((file) => {
      const parsed = kubeconfigSchema.safeParse(parse(readFileSync(file, "utf8")));
      return parsed.success ? [parsed.data] : [];
    });
  const clusters = new Map(
    read
      .flatMap(({ clusters }) => clusters ?? [])
      .reverse()
      .map(({ name, cluster }) => [name, cluster.server]),
  );
  const contexts = read.flatMap(({ contexts }) => contexts ?? []).reverse();
  return new Map(contexts.map(({ name, context }) => [name, clusters.get(context.cluster)]));
}
