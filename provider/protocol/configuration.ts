import { z } from "zod";
import type { WantedTopics } from "../../architecture/data-plane/topics";
import { type Endpoints, endpointsSchema } from "../../architecture/endpoints";
import { Problems } from "../../common/problem";
import type { Owner } from "../postgres/owner";

/** Configuration of the provider. It is one resource of the stack, so a rotated password changes one resource only. */
export interface Configuration {
  /** Undefined in a preview before the servers run. */
  readonly endpoints: Endpoints | undefined;
  readonly citus: "required" | "auto";
  readonly allow: ReadonlySet<string>;
  /** The application's roles that must exist before anything is applied, as PostgreSQL knows them. */
  readonly roles: readonly string[];
  /** Topics that events are sent to. The provider checks existing topics before it changes anything. */
  readonly topics: WantedTopics;
  /** Databases that this provider's resources create on these servers. Other providers then connect to them. */
  readonly databases: readonly string[];
  /** True if the stack itself creates this database. A missing database then counts as deleted, not as a wrong name. */
  readonly made: boolean;
  /** Stack that uses the database. A database of another stack is refused. @default no check */
  readonly owner?: Owner;
}

/** A provider's configuration crosses to the engine as strings, each the JSON of one property. */
const wire = z.object({
  endpoints: z.string().optional(),
  citus: z.enum(["required", "auto"]).default("required"),
  allow: z.string().default("[]"),
  roles: z.string().default("[]"),
  topics: z.string().default('{"names":[],"recordBytes":0}'),
  databases: z.string().default("[]"),
  made: z.literal("true").optional(),
  owner: z.string().optional(),
  model: z.enum(["shared", "schema", "silo"]).optional(),
});

/** @throws Problems that name the property but never its value, which may hold passwords */
export function parseConfiguration(variables: Readonly<Record<string, unknown>>): Configuration {
  const parsed = wire.safeParse(variables);
  if (!parsed.success) throw badConfiguration(parsed.error);
  const { endpoints: json, citus, allow, roles, databases, made, owner, topics: topicsJson } = parsed.data;
  const lists = z.tuple([names, names, names]).safeParse([allow, roles, databases].map((list) => JSON.parse(list)));
  if (!lists.success) throw badConfiguration(lists.error);
  const topics = wantedTopics.safeParse(JSON.parse(topicsJson));
  if (!topics.success) throw badConfiguration(topics.error);
  return {
    endpoints: json === undefined || json === unknownValue ? undefined : parseEndpoints(json),
    citus,
    allow: new Set(lists.data[0]),
    roles: lists.data[1],
    topics: topics.data,
    databases: lists.data[2],
    made: made !== undefined,
    ...(owner !== undefined && { owner: ownerSchema.parse(JSON.parse(owner)) }),
  };
}

const names = z.array(z.string());
const ownerSchema = z.object({ application: z.string(), project: z.string(), stack: z.string() });
const wantedTopics = z.object({ names, recordBytes: z.number() });

/** Placeholder that the engine sends in a preview for a value that is known only after applying. */
export const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

function parseEndpoints(json: string): Endpoints {
  const parsed = endpointsSchema.safeParse(JSON.parse(json));
  if (!parsed.success) throw badConfiguration(parsed.error);
  return parsed.data;
}

function badConfiguration(error: z.ZodError): Problems {
  return new Problems(
    error.issues.map((issue) => ({
      what: `The provider's configuration is wrong at \`${issue.path.join(".") || "its root"}\``,
      expected: issue.message,
      fix: "pass what `loadSettings` gives to `new Provider(...)`, or correct the stack file",
    })),
  );
}
