import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "pg";
import type { PostgresEndpoint } from "../../architecture/endpoints";
import { Problems } from "../../common/problem";
import { connect, isServerError } from "./postgres-connection";
import { type Reader, readerOf } from "./sql-statements";
import { readTableSnapshot, type TableSnapshot } from "./table-snapshot";

/** Reads the database while Pulumi compares and previews. */
export interface LiveReader {
  readonly read: Reader;
  /** Snapshot of all tables, shared by all resources and read again after a change. */
  readonly snapshot: Promise<TableSnapshot>;
}

/** Time that a diff or a preview waits, in ms. It can do without the answer. */
const timeoutMs = 4_000;
/** Time that the connection stays open for the next question, in ms. */
const idleMs = 2_000;

/** Queries a database that may not answer. After one timeout it asks no more. */
export class LiveQueries {
  private opened: Promise<Client> | undefined;
  private snapshot: Promise<TableSnapshot> | undefined;
  private idle: NodeJS.Timeout | undefined;
  private running = 0;
  private responds = true;

  constructor(
    private readonly server: PostgresEndpoint,
    /** Runs on each new connection first. Its Problems reach the caller. */
    private readonly admit: (read: Reader) => Promise<void> = async () => {},
  ) {}

  /** Returns undefined if the database does not answer at once, for any reason. */
  async tryQuery<T>(question: (live: LiveReader) => Promise<T>): Promise<T | undefined> {
    if (!this.responds) return undefined;
    const impatient = new AbortController();
    const tooLate = sleep(timeoutMs, undefined, { ref: false, signal: impatient.signal }).then(
      () => this.giveUp(),
      () => undefined,
    );
    try {
      return await Promise.race([this.answer(question), tooLate]);
    } catch (error) {
      if (error instanceof Refusal) throw error.problems;
      // One failing question does not mean that others fail.
      return isServerError(error) ? undefined : this.giveUp();
    } finally {
      impatient.abort();
    }
  }

  /** Discards what was read. Call it after a change. */
  dataChanged(): void {
    this.snapshot = undefined;
    this.responds = true;
  }

  private async answer<T>(question: (live: LiveReader) => Promise<T>): Promise<T> {
    clearTimeout(this.idle);
    this.running++;
    try {
      this.opened ??= this.open();
      const read = readerOf(await this.opened);
      this.snapshot ??= readTableSnapshot(read);
      return await question({ read, snapshot: this.snapshot });
    } finally {
      this.running--;
      if (this.running === 0) this.idle = setTimeout(() => this.close(), idleMs).unref();
    }
  }

  private async open(): Promise<Client> {
    const client = await connect(this.server, { pipeline: true, patient: false });
    client.once("end", () => this.close());
    await client.query(`SET statement_timeout = ${timeoutMs}`);
    await this.admit(readerOf(client)).catch(async (error: unknown) => {
      client.removeAllListeners("end");
      await client.end().catch(() => {});
      throw error instanceof Problems ? new Refusal(error) : error;
    });
    return client;
  }

  private giveUp(): undefined {
    this.responds = false;
    this.close();
  }

  private close(): void {
    clearTimeout(this.idle);
    const { opened } = this;
    this.opened = undefined;
    this.snapshot = undefined;
    void opened?.then((client) => client.end()).catch(() => {});
  }
}

/** Wraps the Problems of `admit`, to tell them from the errors of a question. */
class Refusal extends Error {
  constructor(readonly problems: Problems) {
    super(problems.message);
  }
}
