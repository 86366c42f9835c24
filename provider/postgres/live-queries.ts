import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "pg";
import type { PostgresEndpoint } from "../../architecture/endpoints";
import { Problems } from "../../common/problem";
import { connect, isServerError } from "./postgres-connection";
import { type Reader, readerOf } from "./sql-statements";
import { readTableSnapshot, type TableSnapshot } from "./table-snapshot";

/** What the database says while Pulumi compares and previews. */
export interface LiveReader {
  readonly read: Reader;
  /** One look at all tables, however many resources ask; taken anew after a change. */
  readonly snapshot: Promise<TableSnapshot>;
}

/** How long a comparison or a preview waits for what it can do without. */
const timeoutMs = 4_000;
/** How long the connection is kept for the next question. */
const idleMs = 2_000;

/** Asks a database that may not answer: then nobody waits for it twice. */
export class LiveQueries {
  private opened: Promise<Client> | undefined;
  private snapshot: Promise<TableSnapshot> | undefined;
  private idle: NodeJS.Timeout | undefined;
  private running = 0;
  private responds = true;

  constructor(
    private readonly server: PostgresEndpoint,
    /** Asked on each connection before anything else. The Problems that it ends with reach whoever asks. */
    private readonly admit: (read: Reader) => Promise<void> = async () => {},
  ) {}

  /** Undefined where the database does not answer at once, for whatever reason. */
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
      // A question that fails says nothing of the others.
      return isServerError(error) ? undefined : this.giveUp();
    } finally {
      impatient.abort();
    }
  }

  /** To be called when something was changed: what was seen may be so no longer. */
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

/** Tells what the database refuses from what a question ends with. */
class Refusal extends Error {
  constructor(readonly problems: Problems) {
    super(problems.message);
  }
}
