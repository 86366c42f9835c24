import { existsSync, readdirSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { z } from "zod";
import { phases } from "../architecture/changes/phase";
import { type Endpoints, endpointsSchema } from "../architecture/endpoints";
import { tenantsSchema } from "../architecture/tenancy/tenants";
import { type Place, type Problem, Problems, refuseIfAny } from "../common/problem";
import type { Source } from "../common/source";
import { readSourceFile } from "../common/source-file";
import { stackOf } from "../common/stack-name";
import { listNames, suggest } from "../common/suggestion";
import { projectRoot } from "../common/system/project";
import { parseYaml } from "../common/yaml-file";
import { overridesSchema } from "../planner/overrides";
import { workloadSchema } from "../planner/workload";
import { kafkaSchema, kafkaSettings } from "./kafka-settings";
import { type KubernetesSettings, kubernetesSchema, standardNode } from "./kubernetes-settings";
import { lifecycleProblems, lifecycleSchema } from "./lifecycle-settings";
import { sized, sizeProblems } from "./planned-sizes";
import { postgresSchema, postgresSettings } from "./postgres-settings";
import type { Settings } from "./settings";
import { tenancyOf, tenancyProblems } from "./stack-tenancy";
import { storeSchema, storeSettings } from "./store-schema";

const stacksFolder = join(projectRoot, "stacks");

/**
 * If this variable is set, no file of endpoints is read, because a preview for reviewers must not depend on the servers
 * of this machine.
 */
export const serversUnknown = "TENANTRY_SERVERS_UNKNOWN";

/** Decrypts one key of the stack's configuration. Called only for keys that hold a `secure:` value. */
export type Reveal = (key: string) => unknown | Promise<unknown>;

/** Names of the stacks that have a file. */
export function stackNames(folder = stacksFolder): string[] {
  return readdirSync(folder)
    .flatMap((file) => stackOf(file) ?? [])
    .sort();
}

/**
 * Reads the settings in `stacks/Pulumi.STACK.yaml`.
 *
 * @throws Problems for an unknown stack, or for all unknown keys and wrong values together; then for everything that
 * prevents provisioning the tenancy model
 */
export async function loadSettings(stack: string, reveal: Reveal, folder = stacksFolder): Promise<Settings> {
  const { settings, refusals } = await readStack(stack, reveal, folder);
  refuseIfAny(refusals);
  return settings;
}

/**
 * Like `loadSettings`, for plans: returns the problems that prevent provisioning beside the settings, instead of
 * throwing them.
 */
export async function readStack(
  stack: string,
  reveal: Reveal,
  folder = stacksFolder,
): Promise<{ readonly settings: Settings; readonly refusals: readonly Problem[] }> {
  const path = resolve(folder, `Pulumi.${stack}.yaml`);
  if (!existsSync(path)) throw new Problems([unknownStack(stack, stackNames(folder))]);
  const source = readSource(path);
  const revealed = await revealSecrets(source, reveal);
  const parsed = parseYaml(source, {
    schema: stackSchema,
    noun: "The stack file",
    secret: isSecret,
    select: (file) => selectOwn(file, revealed),
  });
  if (Array.isArray(parsed)) throw new Problems(parsed);
  const { config } = parsed.value;
  const { endpoints, postgres, kafka, ...settings } = ownSettings(config);
  const misset = (key: string, problems: readonly Problem[]) =>
    problems.map((problem) => ({ ...problem, at: parsed.placeOf("config", key) }));
  refuseIfAny([
    ...platformProblems(config, source.path),
    ...storeProblems(config, parsed.placeOf),
    ...sizeProblems(config, parsed.placeOf),
    ...lifecycleProblems(config, parsed.placeOf),
    ...misset("tenantry:postgres", postgres.problems),
    ...misset("tenantry:kafka", kafka.problems),
  ]);
  const store = config["tenantry:store"];
  const known = endpoints && "file" in endpoints ? readEndpoints(path, endpoints.file) : endpoints;
  const { tenancy, ...all } = sized({
    ...settings,
    postgres: postgres.settings,
    kafka: kafka.settings,
    ...(store && {
      store: storeSettings(store, { application: settings.application, stack, stackFile: path }),
    }),
    endpoints: known,
  });
  return {
    settings: { ...all, ...tenancyOf(config, tenancy?.model) },
    refusals: tenancyProblems(config, tenancy?.model, parsed.placeOf),
  };
}

function unknownStack(stack: string, known: readonly string[]): Problem {
  const meant = suggest(stack, known);
  return {
    what: `There is no stack \`${stack}\``,
    expected: listNames(known),
    fix: meant ? `Use \`-s ${meant}\`` : `Use one of these, or write \`stacks/Pulumi.${stack}.yaml\``,
  };
}

/** A whole number. Strings are accepted too, because Pulumi writes numbers back as strings. */
const count = z.preprocess(
  (value) => (typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value),
  z
    .int("a whole number from 1 to 1024")
    .min(1, "a whole number from 1 to 1024")
    .max(1024, "a whole number from 1 to 1024"),
);
const fileReference = z.strictObject({ file: z.string().min(1) });
/** A verb and its object. The object may hold spaces, for example in a tenant's value or a file's name. */
const optIn =
  /^(adopt|block-writes|contract|drop|expire|lose-events|redistribute|remodel|remove|replay|run) \S(.*\S)?$/;

const stackSchema = z.object({
  config: z.strictObject(
    {
      "tenantry:application": z.string("the name of a folder in `sql/`"),
      "tenantry:platform": z.enum(["external", "kubernetes"], "external or kubernetes").default("external"),
      "tenantry:citus": z.enum(["required", "auto"], "required or auto").default("required"),
      "tenantry:consistency": z.enum(["strong", "bounded", "eventual"], "strong, bounded or eventual").optional(),
      "tenantry:shardCount": count.optional(),
      "tenantry:tenancy": z.enum(["shared", "schema", "silo"], "shared, schema or silo").optional(),
      "tenantry:tenants": tenantsSchema.optional(),
      "tenantry:allow": z
        .array(z.string().regex(optIn, "such as `drop ecommerce.carts`"), "a list such as `[drop ecommerce.carts]`")
        .default([]),
      "tenantry:isolatedTenants": z
        .array(z.union([z.string().min(1), z.int().transform(String)]), "a list of the tenant column's values")
        .optional(),
      "tenantry:changes": z
        .record(
          z.string(),
          z.enum(phases, `one of ${phases.join(", ")}`),
          "phases by schema change, such as `{ 085_total_in_cents: backfill }`",
        )
        .optional(),
      "tenantry:endpoints": z
        .union([fileReference, endpointsSchema], "`{ file: PATH }`, or `postgres`, `kafka` and `connect`")
        .optional(),
      "tenantry:kubernetes": kubernetesSchema.optional(),
      "tenantry:postgres": postgresSchema.optional(),
      "tenantry:kafka": kafkaSchema.optional(),
      "tenantry:store": storeSchema.optional(),
      "tenantry:lifecycle": lifecycleSchema.optional(),
      "tenantry:workload": workloadSchema.optional(),
      "tenantry:plan": overridesSchema.optional(),
    },
    "an object with `tenantry:application`",
  ),
});

type OwnKeys = z.output<typeof stackSchema>["config"];

function ownSettings(config: OwnKeys) {
  return {
    application: config["tenantry:application"],
    platform: config["tenantry:platform"],
    citus: config["tenantry:citus"],
    consistency: config["tenantry:consistency"] ?? "strong",
    shardCount: config["tenantry:shardCount"] ?? 32,
    allow: config["tenantry:allow"],
    ...(config["tenantry:isolatedTenants"] && { isolatedTenants: config["tenantry:isolatedTenants"] }),
    ...(config["tenantry:changes"] && { changes: config["tenantry:changes"] }),
    endpoints: config["tenantry:endpoints"],
    postgres: postgresSettings(config["tenantry:postgres"], {
      platform: config["tenantry:platform"],
      citus: config["tenantry:citus"],
    }),
    kafka: kafkaSettings(config["tenantry:kafka"], {
      platform: config["tenantry:platform"],
      isPlanned: config["tenantry:workload"] !== undefined,
    }),
    ...(config["tenantry:kubernetes"] && { kubernetes: kubernetesSettings(config["tenantry:kubernetes"]) }),
    ...(config["tenantry:lifecycle"] && { lifecycle: config["tenantry:lifecycle"] }),
    ...(config["tenantry:workload"] && { workload: config["tenantry:workload"] }),
    ...(config["tenantry:plan"] && { plan: config["tenantry:plan"] }),
  };
}

/** Fills in default sizes, which a plan replaces. */
function kubernetesSettings(written: NonNullable<OwnKeys["tenantry:kubernetes"]>): KubernetesSettings {
  const { workers = 0, coordinator = standardNode, worker = standardNode } = written;
  return { ...written, workers, coordinator, worker };
}

/** Reports a store whose credentials are where this stack has nothing. */
function storeProblems(config: OwnKeys, placeOf: (...path: string[]) => Place): Problem[] {
  const credentials = config["tenantry:store"]?.credentials;
  if (credentials === undefined || config["tenantry:platform"] === "kubernetes") return [];
  return [
    {
      what: "A Secret holds the store's credentials, and the stack has no pods that could read it",
      got: `\`credentials: { secret: ${credentials.secret} }\``,
      fix: "Write `accessKeyId` and `secretAccessKey`, or leave both to the AWS client's environment",
      at: placeOf("config", "tenantry:store", "credentials"),
    },
  ];
}

/** Reports a missing section for the stack's platform, and a section for another platform. */
function platformProblems(config: OwnKeys, file: string): Problem[] {
  const provisions = config["tenantry:platform"] === "kubernetes";
  const [needed, foreign] = provisions
    ? (["kubernetes", "endpoints"] as const)
    : (["endpoints", "kubernetes"] as const);
  const problems: Problem[] = [];
  if (provisions && config[`tenantry:${needed}`] === undefined) {
    problems.push({
      what: "The stack provisions servers on Kubernetes and does not say where",
      expected: "`tenantry:kubernetes: { context: CONTEXT, namespace: NAME, workers: 2 }`",
      fix: "Add the key `tenantry:kubernetes`",
      at: { file },
    });
  }
  if (config[`tenantry:${foreign}`] !== undefined) {
    problems.push({
      what: `\`tenantry:${foreign}\` means nothing where the platform is \`${config["tenantry:platform"]}\``,
      fix: `Remove it, or set \`tenantry:platform\` to \`${provisions ? "external" : "kubernetes"}\``,
      at: { file },
    });
  }
  return problems;
}

/**
 * Selects tenantry's keys. The other namespaces of `config` belong to Pulumi's providers, and all other keys to Pulumi.
 */
function selectOwn(file: unknown, revealed: ReadonlyMap<string, unknown>): unknown {
  const config = configOf(file);
  if (!config) return file;
  const own = Object.entries(config).filter(([key]) => key.startsWith("tenantry:"));
  return {
    config: Object.fromEntries(own.map(([key, value]) => [key, revealed.has(key) ? revealed.get(key) : value])),
  };
}

function configOf(file: unknown): Record<string, unknown> | undefined {
  const parsed = z.object({ config: z.record(z.string(), z.unknown()) }).safeParse(file);
  return parsed.success ? parsed.data.config : undefined;
}

async function revealSecrets(source: Source, reveal: Reveal): Promise<ReadonlyMap<string, unknown>> {
  const parsed = parseYaml(source, { schema: z.unknown(), noun: "The stack file" });
  if (Array.isArray(parsed)) throw new Problems(parsed);
  const revealed = new Map<string, unknown>();
  for (const [key, value] of Object.entries(configOf(parsed.value) ?? {})) {
    if (key.startsWith("tenantry:") && holdsSecret(value))
      revealed.set(key, await reveal(key.slice("tenantry:".length)));
  }
  return revealed;
}

function holdsSecret(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return "secure" in value || Object.values(value).some(holdsSecret);
}

const secretKeys: ReadonlySet<PropertyKey> = new Set(["password", "databasePassword", "roles", "secretAccessKey"]);

function isSecret(path: readonly PropertyKey[]): boolean {
  return path.some((key) => secretKeys.has(key));
}

/** Reads the endpoints from a path relative to the stack file. Undefined if the file does not exist yet. */
function readEndpoints(stackFile: string, file: string): Endpoints | undefined {
  const path = resolve(dirname(stackFile), file);
  if (process.env[serversUnknown] || !existsSync(path)) return undefined;
  const parsed = parseYaml(readSource(path), {
    schema: endpointsSchema,
    noun: "The file of endpoints",
    secret: isSecret,
  });
  if (Array.isArray(parsed)) throw new Problems(parsed);
  return parsed.value;
}

function readSource(path: string): Source {
  return readSourceFile(path, relative(projectRoot, path));
}
