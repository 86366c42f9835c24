import type { Role } from "../../architecture/application";
import { quoteQualified } from "../../common/identifier";
import type { Check } from "../check";
import { type Finding, judge, pass, warn } from "../finding";
import { type Probing, withProbes } from "../probing";
import { argumentsOf, type Routine, readRoutines } from "../routines";
import type { Target } from "../target";

/** Calls functions: one that runs as its owner may bypass row level security. */
export const functions: Check = {
  name: "functions",
  claim: "no function returns another tenant's rows, in the application's schema or by running as its owner",
  async run(target) {
    const found = (await readRoutines(target)).filter(({ callers }) => callers.length > 0);
    const worthACall = found.filter(({ returnsRows, escapes }) => returnsRows || escapes);
    if (worthACall.length === 0) {
      return [pass(target.application.schema, "no function returns rows or runs as somebody above row level security")];
    }
    return withProbes(target, async (probing) => {
      const findings: Finding[] = [];
      for (const routine of worthACall) findings.push(await checkRoutine(target, probing, routine));
      return findings;
    });
  },
};

async function checkRoutine(target: Target, probing: Probing, routine: Routine): Promise<Finding> {
  const subject = routine.signature;
  const callers = target.application.roles.filter(({ user }) => routine.callers.includes(user));
  const wrong: string[] = [];
  let unclear: string | undefined;
  if (routine.returnsRows) {
    for (const role of callers) {
      const leak = await tryRoutine(target, probing, role, routine);
      if (leak.returned) wrong.push(`${role.user} gets another tenant's rows from it`);
      unclear ??= leak.unclear;
    }
  }
  if (wrong.length > 0) return judge(subject, wrong, "");
  const names = callers.map(({ user }) => user).join(", ");
  if (routine.escapes) {
    const seen = unclear === undefined ? "nothing leaked here" : `it could not be tried (${unclear})`;
    return warn(
      subject,
      `runs as ${routine.owner}, whom row level security does not hold, for ${names}: ${seen}, but read it, or make it SECURITY INVOKER`,
    );
  }
  return pass(subject, unclear === undefined ? `${names}: own rows only` : `${names}: no rows (${unclear})`);
}

async function tryRoutine(target: Target, probing: Probing, role: Role, routine: Routine) {
  const [owner, stranger] = probing.tenants;
  const values = argumentsOf(target, probing, routine);
  const call = `${quoteQualified(routine.schema, routine.name)}(${routine.parameters
    .map(({ type }, index) => `$${index + 1}::${type}`)
    .join(", ")})`;
  const canaries = probing.canaries(owner).filter((canary) => canary === owner || !values.includes(canary));
  const sql = `SELECT count(*)::text AS n FROM ${call} AS seen
    WHERE EXISTS (SELECT FROM unnest($${values.length + 1}::text[]) AS canary WHERE position(canary IN seen::text) > 0)`;
  let unclear: string | undefined;
  for (const tenant of [undefined, stranger]) {
    const attempt = await probing.as(role, tenant, (run) => run(sql, [...values, canaries]));
    if (attempt.refused !== undefined) unclear = attempt.refused;
    else if (attempt.rows[0]?.n !== "0") return { returned: true, unclear };
  }
  return { returned: false, unclear };
}
