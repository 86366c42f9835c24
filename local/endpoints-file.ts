import { parse, stringify } from "yaml";
import { type Endpoints, endpointsSchema } from "../architecture/endpoints";
import { Problems } from "../common/problem";
import { readIfThere, writePrivate } from "../common/system/files";

/** Reads a home's `endpoints.yaml`. `tenantry local up` always rewrites the file. */
export function readEndpoints(path: string): Endpoints {
  const text = readIfThere(path);
  if (text === undefined) {
    throw new Problems([
      {
        what: "The embedded servers have never run here",
        expected: path,
        fix: "Run `tenantry local up`.",
      },
    ]);
  }
  const parsed = endpointsSchema.safeParse(tryParse(text));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new Problems([
    {
      what: "The file of the embedded servers' endpoints is damaged",
      // The message has no values because the file contains passwords.
      got: issue ? `${issue.path.join(".") || "the whole file"}: ${issue.code}` : "nothing",
      fix: "Run `tenantry local up`: it rewrites the file.",
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
