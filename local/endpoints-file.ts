import { parse, stringify } from "yaml";
import { z } from "zod";
import type { Endpoints } from "../architecture/endpoints";
import { Problems } from "../architecture/problem";
import { readIfThere, writePrivate } from "./files";

const port = z.int().min(1).max(65_535);
const login = z.object({ user: z.string().min(1), password: z.string().min(1) });
const schema = z.object({
  postgres: z.object({
    ...login.shape,
    host: z.string().min(1),
    port,
    database: z.string().min(1),
    sslmode: z.enum(["disable", "require", "verify-full"]),
    ca: z.string().optional(),
    nodes: z.array(z.object({ name: z.string().min(1), host: z.string().min(1), port })).min(1),
    roles: z.record(z.string(), login),
  }),
  kafka: z.object({ bootstrapServers: z.array(z.string().min(1)).min(1) }),
  connect: z.object({ url: z.url(), databasePassword: z.string().min(1) }),
});

/** Reads a home's `endpoints.yaml`. The servers' own `up` writes it anew whatever is in it. */
export function readEndpoints(path: string): Endpoints {
  const text = readIfThere(path);
  if (text === undefined) {
    throw new Problems([
      {
        what: "The embedded servers have never run here",
        expected: path,
        fix: "Run `tenantry local up` (or `make local`).",
      },
    ]);
  }
  const parsed = schema.safeParse(tryParse(text));
  if (parsed.success) return parsed.data as Endpoints;
  const issue = parsed.error.issues[0];
  throw new Problems([
    {
      what: "The file of the embedded servers' endpoints is damaged",
      // No values: the file holds passwords.
      got: issue ? `${issue.path.join(".") || "the whole file"}: ${issue.code}` : "nothing",
      fix: "Run `tenantry local up`: it writes the file anew.",
      at: { file: path },
    },
  ]);
}

export function writeEndpoints(path: string, endpoints: Endpoints): void {
  writePrivate(path, `# Written by \`tenantry local up\`. Holds passwords.\n${stringify(endpoints)}`);
}

function tryParse(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}
