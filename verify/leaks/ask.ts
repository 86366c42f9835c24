import type { ClientBase, DatabaseError } from "pg";
import { to as copyTo } from "pg-copy-streams";
import { type RoleSession, signed } from "../probing";
import { asText, constraintOf } from "../row-writer";
import type { Answer, AnswerError } from "./answer";
import type { Step } from "./query";

/** Timeout: both tenants have few rows, so a slower query reads all tenants' rows, or waits. */
export const mostTime = "3s";

/** Runs the steps in the tenant's name, or without a tenant, and undoes them. */
export async function ask(session: RoleSession, tenant: string | undefined, steps: readonly Step[]): Promise<Answer> {
  return session.trial(tenant, async (client) => {
    const notices: string[] = [];
    const hear = (notice: Said) => notices.push(textOf(notice));
    client.on("notice", hear);
    const rows: string[] = [];
    let count = 0;
    try {
      for (const step of steps) {
        const seen = step.copy ? await copied(client, step.sql) : await answered(client, step.sql);
        if (step.unseen) continue;
        rows.push(...seen.rows);
        count += seen.count;
      }
      return { rows, count, notices };
    } catch (error) {
      return { rows, count, notices, error: errorOf(error) };
    } finally {
      client.off("notice", hear);
    }
  });
}

/** Prepared statements survive a rollback. */
export async function forgetPrepared(session: RoleSession): Promise<void> {
  await session.trial(undefined, (client) => client.query("DEALLOCATE ALL"));
}

async function answered(client: ClientBase, sql: string) {
  const { rows, rowCount } = await client.query<unknown[]>({ text: signed(sql), rowMode: "array", types: asText });
  return { rows: rows.map((row) => row.map((value) => value ?? "").join("\t")), count: rowCount ?? rows.length };
}

async function copied(client: ClientBase, sql: string) {
  const chunks: Buffer[] = [];
  for await (const chunk of client.query(copyTo(signed(sql)))) chunks.push(chunk as Buffer);
  const rows = Buffer.concat(chunks).toString().split("\n").filter(Boolean);
  return { rows, count: rows.length };
}

function errorOf(error: unknown): AnswerError {
  const { code } = error as DatabaseError;
  if (code === undefined) throw error;
  const constraint = constraintOf(error as DatabaseError);
  return { code, constraint, text: textOf(error as DatabaseError) };
}

type Said = { readonly [part in "message" | "detail" | "hint" | "where"]?: string | undefined };

function textOf({ message, detail, hint, where }: Said): string {
  return [message, detail, hint, where].filter(Boolean).join("\n");
}
