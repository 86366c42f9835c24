import type { Declaration } from "../../architecture/data-plane/declaration";
import type { Gap } from "../../provider/boundary/gap";
import { readBoundary } from "../../provider/boundary/role-boundary";
import { connect } from "../../provider/postgres/postgres-connection";
import { oneByOne, readerOf } from "../../provider/postgres/sql-statements";
import type { Check } from "../check";
import { type Finding, fail, pass, skip, warn } from "../finding";
import type { Target } from "../target";

type Bounds = Extract<Declaration, { noun: "RoleBoundary" }>["inputs"];

/** Checks what `RoleBoundary` holds, with the same queries. */
export const boundary: Check = {
  name: "boundary",
  scope: "database",
  claim:
    "roles call, become, own and begin with nothing that reaches further than their tables, on any node; new partitions are isolated",
  async run(target) {
    const bounds = target.declarations.find((each) => each.noun === "RoleBoundary")?.inputs;
    if (!bounds) return [skip("roles", "nothing declares what they may do beside their tables")];
    const gaps = await readAll(target, bounds);
    const subjects = [...new Set(gaps.map(({ subject }) => subject))].filter(
      (subject) => !Object.hasOwn(bounds.roles, subject),
    );
    const seenOf = (subject: string) => gaps.filter((gap) => gap.subject === subject);
    return [
      ...Object.keys(bounds.roles).map((role) => judgeRole(role, seenOf(role))),
      ...subjects.map((subject) => judgeOther(subject, seenOf(subject))),
      ...(subjects.length === 0
        ? [pass("everybody", "calls and makes nothing that reaches further than rows; new partitions are isolated")]
        : []),
    ];
  },
};

/** Reads all gaps on the coordinator, and on every other node those that the node has for itself. */
async function readAll({ admin, endpoints: { postgres } }: Target, bounds: Bounds): Promise<readonly Gap[]> {
  const gaps = await readBoundary(oneByOne(readerOf(admin)), bounds, true);
  for (const { name, host, port } of bounds.nodes) {
    if (host === postgres.host && port === postgres.port) continue;
    const client = await connect({ ...postgres, host, port });
    const found = await readBoundary(oneByOne(readerOf(client)), bounds, false).finally(() => client.end());
    gaps.push(...found.map((gap) => ({ ...gap, seen: `on ${name}: ${gap.seen}` })));
  }
  return gaps;
}

function judgeRole(role: string, gaps: readonly Gap[]): Finding {
  if (gaps.length > 0) return judgeOther(role, gaps);
  return pass(role, "owns nothing, becomes nobody else, and calls nothing that reaches further than its tables");
}

/** Reports gaps that only somebody else can close, without failing every run. */
function judgeOther(subject: string, gaps: readonly Gap[]): Finding {
  const seen = gaps.map((gap) => gap.seen).join("; ");
  if (gaps.every(({ mend }) => mend.length === 0)) return warn(subject, seen);
  return fail(subject, `${seen}: \`tenantry up --refresh\` sets it right`);
}
