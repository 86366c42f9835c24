import type { Role } from "../../architecture/application";
import type { Check } from "../check";
import { fail } from "../finding";
import { finderOf, judgeAnswer } from "../leaks/answer";
import { ask, forgetPrepared, mostTime } from "../leaks/ask";
import { generate } from "../leaks/generate";
import { type Asked, type Run, summarise } from "../leaks/summary";
import { readSurface, type Surface } from "../leaks/surface";
import { type Probing, withProbes } from "../probing";
import { tenantRelations } from "../target";

/** Runs generated queries in a tenant's name, and looks for another tenant in the answers. */
export const leaks: Check = {
  name: "leaks",
  claim: "no query that a role may send shows another tenant's row, nor fails or counts differently because of one",
  run: (target) =>
    withProbes(target, async (probing) => {
      const { application, leaks: options } = target;
      const asked: Asked[] = [];
      const expected: Run["expected"][number][] = [];
      const share = Math.ceil(options.queries / Math.max(1, application.roles.length));
      for (const [index, role] of application.roles.entries()) {
        const surface = await readSurface(target, probing, role);
        asked.push(...(await askAs(probing, role, surface, options.seed + index, share)));
        const own = surface.relations.filter((relation) => relation.isTenantTable && relation.own !== undefined);
        expected.push(...own.map(({ schema, name }) => ({ role: role.user, relation: `${schema}.${name}` })));
      }
      if (asked.length === 0) return [fail(application.name, "no role may read anything: there was nothing to ask")];
      const rowless = tenantRelations(target).flatMap((relation) => {
        const why = probing.reason(relation);
        return why === undefined ? [] : [`${relation.schema}.${relation.name} (${why})`];
      });
      return summarise({ subject: application.name, seed: options.seed, expected, rowless }, asked);
    }),
};

async function askAs(
  probing: Probing,
  role: Role,
  surface: Surface,
  seed: number,
  queries: number,
): Promise<readonly Asked[]> {
  const { own, other } = surface.tenant;
  const foreign = finderOf(probing.canaries(other));
  const anybodys = finderOf([...probing.canaries(other), ...probing.canaries(own)]);
  const owns = finderOf(probing.canaries(own));
  return probing.session(role, mostTime, async (session) => {
    const asked: Asked[] = [];
    for (const query of generate(surface, seed, queries)) {
      const tenant = query.context === "tenant" ? own : undefined;
      const answer = await ask(session, tenant, query.steps);
      const twin = query.twin && (await ask(session, tenant, query.twin));
      if (query.steps.some(({ sql }) => sql.startsWith("PREPARE"))) await forgetPrepared(session);
      const find = { foreign: tenant === undefined ? anybodys : foreign, own: owns };
      asked.push({ role: role.user, query, verdict: judgeAnswer(query, answer, twin, find) });
    }
    return asked;
  });
}
