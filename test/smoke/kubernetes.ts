import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { root } from "../../common/system/checkout";
import { run } from "../../common/system/run";
import type { SecretList } from "./secrets";

const cluster = "tenantry";

/** Runs a program and returns its output. Throws an error with the end of its standard error if it fails. */
async function command(program: string, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<string> {
  const { code, stdout, stderr } = await run(program, args, {
    cwd: root,
    ...(env && { env: { ...process.env, ...env } }),
  });
  if (code === 0) return stdout;
  throw new Error(
    `${program} ${args.join(" ")} ended with ${code}:\n${stderr.trim().split("\n").slice(-20).join("\n")}`,
  );
}

/** A cluster that kind creates. */
export function kindCluster(engine: "docker" | "podman") {
  const env = engine === "podman" ? { KIND_EXPERIMENTAL_PROVIDER: "podman" } : undefined;
  return {
    context: `kind-${cluster}`,
    async create(): Promise<void> {
      const existing = (await command("kind", ["get", "clusters"], env)).split("\n");
      if (existing.includes(cluster)) {
        throw new Error(
          `The cluster \`${cluster}\` exists already: run \`kind delete cluster --name ${cluster}\` if nobody needs it`,
        );
      }
      await command("kind", ["create", "cluster", "--name", cluster, "--wait", "180s"], env);
    },
    /** Builds every image of images/ and loads it into the cluster. Returns the names. */
    async loadImages(): Promise<string[]> {
      const lines = execFileSync(join(root, "images", "list.sh"), { encoding: "utf8" })
        .trim()
        .split("\n");
      for (const [folder = "", image = "", context = ""] of lines.map((line) => line.split(" "))) {
        await command(engine, ["build", "-t", image, "-f", `${folder}/Dockerfile`, context]);
        await command("kind", ["load", "docker-image", image, "--name", cluster], env);
      }
      return lines.map((line) => line.split(" ")[1] ?? "");
    },
    /** Sends a signal to the API server, which runs in the container of the cluster's only machine. */
    signalApiServer: (signal: string) =>
      command(engine, ["exec", `${cluster}-control-plane`, "pkill", `-${signal}`, "-x", "kube-apiserver"]),
    delete: () => command("kind", ["delete", "cluster", "--name", cluster], env),
  };
}

/** Sends a signal to the API server of an existing cluster, by a command that the user gives. */
export const signalBy = (shellCommand: string) => (signal: string) =>
  command("sh", ["-c", `${shellCommand} ${signal}`]);

/** The operations of the test on a namespace. */
export function kubectl(context: string, namespace: string) {
  const ask = (...args: string[]) => command("kubectl", ["--context", context, ...args]);
  const here = (...args: string[]) => ask("--namespace", namespace, ...args);
  const names = async (...args: string[]) =>
    (await here(...args, "-o", "name")).split("\n").filter((name) => name !== "");
  return {
    /** The address of a machine, at which node ports answer. */
    machine: () => ask("get", "nodes", "-o", "jsonpath={.items[0].status.addresses[?(@.type=='InternalIP')].address}"),
    async exists(): Promise<boolean> {
      return (await ask("get", "namespaces", "-o", "name")).split("\n").includes(`namespace/${namespace}`);
    },
    /** Kills one of the pods with these labels, without a grace period, and waits until its successor is ready. */
    async kill(labels: string): Promise<string> {
      const [victim] = await names("get", "pods", "-l", labels);
      if (!victim) throw new Error(`No pod has the labels ${labels}`);
      const before = await here("get", victim, "-o", "jsonpath={.metadata.uid}");
      await here("delete", victim, "--grace-period=0", "--force");
      for (const deadline = Date.now() + 300_000; Date.now() < deadline; await sleep(1_000)) {
        const now = await here("get", victim, "--ignore-not-found", "-o", "jsonpath={.metadata.uid}");
        if (now === "" || now === before) continue;
        await here("wait", victim, "--for=condition=Ready", "--timeout=300s");
        return victim.replace("pod/", "");
      }
      throw new Error(`${victim} did not come back within 5 minutes`);
    },
    /** All Secrets of the namespace. */
    secrets: async () => JSON.parse(await here("get", "secrets", "-o", "json")) as SecretList,
    /** All texts that could leak a Secret: the namespace's objects other than Secrets, and the pods' logs and arguments. */
    async told(): Promise<ReadonlyMap<string, string>> {
      const kinds = (await ask("api-resources", "--namespaced", "--verbs=list", "-o", "name")).trim().split("\n");
      const open = kinds.filter((kind) => kind !== "secrets").join(",");
      const texts = new Map([["the cluster's API", await here("get", open, "-o", "yaml")]]);
      for (const pod of await names("get", "pods", "--field-selector", "status.phase=Running")) {
        texts.set(`the log of ${pod}`, await here("logs", pod, "--all-containers"));
        const containers = await here("get", pod, "-o", "jsonpath={.spec.containers[*].name}");
        for (const container of containers.split(" ")) {
          const show = ["sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '"];
          texts.set(`arguments in ${pod}, ${container}`, await here("exec", pod, "-c", container, "--", ...show));
        }
      }
      return texts;
    },
    /** The namespace's volumes that still exist, even without their claims. */
    async volumes(): Promise<string[]> {
      const all = await ask(
        "get",
        "persistentvolumes",
        "-o",
        "jsonpath={range .items[*]}{.spec.claimRef.namespace}/{.metadata.name}{'\\n'}{end}",
      );
      return all.split("\n").filter((line) => line.startsWith(`${namespace}/`));
    },
  };
}

export const currentContext = async () => (await command("kubectl", ["config", "current-context"])).trim();
