import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { run } from "../../common/system/run";
import { freePort } from "../../local/servers/port";
import { findProgram } from "../../pulumi-cli/pulumi-programs";

const programs = ["etcd", "kube-apiserver", "openssl"] as const;
const path = (process.env.PATH ?? "").split(delimiter);
const missing = programs.filter((program) => !findProgram(program, path));

/** For `test(name, { skip }, …)`: why a test that needs an API server does not run, or false if it does. */
export const skip: string | false = missing.length > 0 ? `needs ${missing.join(" and ")} on PATH` : false;

/** An API server for one test file. It validates and stores objects, but no controller acts on them. */
export interface ApiServer {
  /** A kubeconfig with the contexts `admin`, `nobody` (without permissions) and `gone` (where no server listens). */
  readonly kubeconfig: string;
  readonly server: string;
  /** Server-side apply, as Pulumi does it. Throws the server's errors, including those for unknown fields. */
  apply(object: Manifest, dryRun?: "All"): Promise<void>;
  stop(): Promise<void>;
}

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: object };
  readonly [field: string]: unknown;
}

/** Starts etcd and an API server on free ports. Takes a few seconds. */
export async function startApiServer(): Promise<ApiServer> {
  const home = mkdtempSync(join(tmpdir(), "tenantry-api-server-"));
  const [api, etcd, peer] = [await freePort(), await freePort(), await freePort()];
  const tokens = { admin: randomBytes(12).toString("hex"), nobody: randomBytes(12).toString("hex") };
  writeFileSync(join(home, "tokens.csv"), `${tokens.admin},admin,1,"system:masters"\n${tokens.nobody},nobody,2\n`);
  await run("openssl", ["genrsa", "-out", join(home, "accounts.key"), "2048"]);
  const children = [
    spawn(
      "etcd",
      [
        `--data-dir=${join(home, "etcd")}`,
        "--unsafe-no-fsync",
        `--listen-client-urls=http://127.0.0.1:${etcd}`,
        `--advertise-client-urls=http://127.0.0.1:${etcd}`,
        `--listen-peer-urls=http://127.0.0.1:${peer}`,
        "--log-level=error",
      ],
      { stdio: "ignore" },
    ),
    spawn(
      "kube-apiserver",
      [
        `--etcd-servers=http://127.0.0.1:${etcd}`,
        "--bind-address=127.0.0.1",
        `--secure-port=${api}`,
        `--cert-dir=${join(home, "certificates")}`,
        `--token-auth-file=${join(home, "tokens.csv")}`,
        "--authorization-mode=RBAC",
        "--service-cluster-ip-range=10.96.0.0/16",
        "--service-account-issuer=https://kubernetes.default.svc",
        `--service-account-key-file=${join(home, "accounts.key")}`,
        `--service-account-signing-key-file=${join(home, "accounts.key")}`,
        // No controller runs here that would create the pods' default service account.
        "--disable-admission-plugins=ServiceAccount",
      ],
      { stdio: "ignore" },
    ),
  ];
  const stop = async () => {
    await Promise.all(children.toReversed().map(end));
    rmSync(home, { recursive: true, force: true });
  };
  const server = `https://127.0.0.1:${api}`;
  if (!(await answers(`${server}/readyz`, tokens.admin))) {
    await stop();
    throw new Error("the API server was not ready within a minute");
  }
  const kubeconfig = join(home, "kubeconfig");
  writeFileSync(kubeconfig, renderKubeconfig(server, tokens));
  return { kubeconfig, server, apply: applier(server, tokens.admin), stop };
}

function applier(server: string, token: string): ApiServer["apply"] {
  const plurals = new Map<string, Promise<string>>();
  return async (object, dryRun) => {
    const { apiVersion, kind, metadata } = object;
    const group = `${server}/${apiVersion.includes("/") ? "apis" : "api"}/${apiVersion}`;
    const key = `${apiVersion} ${kind}`;
    if (!plurals.has(key)) plurals.set(key, pluralOf(group, kind, token));
    const place = metadata.namespace ? `namespaces/${metadata.namespace}/` : "";
    const query = `fieldManager=tenantry-test&force=true&fieldValidation=Strict${dryRun ? `&dryRun=${dryRun}` : ""}`;
    const url = `${group}/${place}${await plurals.get(key)}/${metadata.name}?${query}`;
    const { status, text } = await send("PATCH", url, token, JSON.stringify(object));
    if (status === undefined || status >= 300)
      throw new Error(`${kind} ${metadata.name}: ${status} ${messageOf(text)}`);
  };
}

/** Waits, because the server serves a new definition only a moment after it accepted it. */
async function pluralOf(group: string, kind: string, token: string): Promise<string> {
  for (const deadline = Date.now() + 10_000; ; await sleep(200)) {
    const { status, text } = await send("GET", group, token);
    const resources =
      status === 200 ? (JSON.parse(text) as { resources: { name: string; kind: string }[] }).resources : [];
    const found = resources.find((resource) => resource.kind === kind && !resource.name.includes("/"));
    if (found) return found.name;
    if (Date.now() > deadline) throw new Error(`the API server knows no ${kind} in ${group}`);
  }
}

function messageOf(text: string): string {
  try {
    return (JSON.parse(text) as { message: string }).message;
  } catch {
    return text;
  }
}

function renderKubeconfig(server: string, tokens: Readonly<Record<string, string>>): string {
  const names = Object.keys(tokens);
  return JSON.stringify({
    clusters: [
      { name: "test", cluster: { server, "insecure-skip-tls-verify": true } },
      { name: "gone", cluster: { server: "https://127.0.0.1:1" } },
    ],
    contexts: [
      ...names.map((name) => ({ name, context: { cluster: "test", user: name } })),
      { name: "gone", context: { cluster: "gone", user: "admin" } },
    ],
    users: names.map((name) => ({ name, user: { token: tokens[name] } })),
    "current-context": "admin",
  });
}

async function answers(url: string, token: string): Promise<boolean> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(250)) {
    if ((await send("GET", url, token)).status === 200) return true;
  }
  return false;
}

interface Answer {
  /** Undefined if no server answered. */
  readonly status: number | undefined;
  readonly text: string;
}

function send(method: "GET" | "PATCH", url: string, token: string, body?: string): Promise<Answer> {
  const headers = {
    authorization: `Bearer ${token}`,
    accept: "application/json",
    ...(body !== undefined && { "content-type": "application/apply-patch+yaml" }),
  };
  return new Promise((resolve) => {
    // The server's certificate is self-signed.
    const asked = request(url, { method, headers, rejectUnauthorized: false });
    asked.on("error", ({ message }) => resolve({ status: undefined, text: message }));
    asked.on("response", (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => (text += part));
      response.on("end", () => resolve({ status: response.statusCode, text }));
    });
    asked.end(body);
  });
}

function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once("close", () => resolve());
    child.kill("SIGTERM");
    setTimeout(() => child.kill("SIGKILL"), 10_000).unref();
  });
}
