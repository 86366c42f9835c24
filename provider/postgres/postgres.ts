import { AsyncLocalStorage } from "node:async_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { type Client, Pool, type PoolClient } from "pg";
import type { PostgresEndpoint } from "../../architecture/endpoints";
import type { Database, DatabaseFacts, Requirements } from "./database";
import {
  clientConfig,
  errorCode,
  isConnectionLoss,
  isServerError,
  sessionSettings,
  waitingFor,
} from "./postgres-connection";
import { describeFailure, messageOf, repeatable } from "./postgres-failure";
import { type LockOptions, takeLock } from "./postgres-lock";
import { preflight } from "./postgres-preflight";
import { Session } from "./postgres-session";
import { inTransaction, settleInTransaction } from "./postgres-transaction";
import type { Statement } from "./sql-statements";
import { prepared, type Reader } from "./sql-statements";

/** Time that the change connection and its lock stay open for the next change, in ms. */
const idleMs = 5_000;
/** Attempts of a transaction that conflicted with another one, with growing pauses. */
const attempts = 5;
/** Time for cancelled work to end before its connection is closed. */
const cancelPatienceMs = 3_000;

/** Requirements on the server, and how to wait for the lock. */
export interface DatabaseOptions extends Requirements, LockOptions {}

/** Connects on first use. */
export function openDatabase(endpoint: PostgresEndpoint, options: DatabaseOptions = {}): Database {
  return new Postgres(endpoint, options);
}

class Postgres implements Database {
  private readonly pool: Pool;
  private readonly inWork = new AsyncLocalStorage<true>();
  private knownFacts: Promise<DatabaseFacts> | undefined;
  /** Resolves when the next change may begin. */
  private turn: Promise<unknown> = Promise.resolve();
  /** Resolves when all changes so far have ended. */
  private ended: Promise<unknown> = Promise.resolve();
  private working = 0;
  /** True once the server was reached. */
  private answered = false;
  private changing: Session | undefined;
  private idle: NodeJS.Timeout | undefined;

  constructor(
    readonly endpoint: PostgresEndpoint,
    private readonly options: DatabaseOptions,
  ) {
    this.pool = new Pool({ ...clientConfig(endpoint), max: 3, allowExitOnIdle: true });
    this.pool.on("error", () => {});
    // Sent ahead of the first query, which fails if this does.
    this.pool.on("connect", (client) => void client.query(sessionSettings).catch(() => {}));
  }

  get roles(): readonly string[] {
    return this.options.roles ?? [];
  }

  get facts(): Promise<DatabaseFacts> {
    this.knownFacts ??= preflight(this.endpoint, this.options, this.options).then((facts) => {
      this.answered = true;
      return facts;
    });
    return this.knownFacts;
  }

  async query<Row extends object>(sql: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    const client = await this.reader();
    let broken = false;
    try {
      return (await client.query<Row>(prepared(sql, values))).rows;
    } catch (error) {
      broken = !isServerError(error);
      throw describeFailure(error, this.endpoint);
    } finally {
      client.release(broken);
    }
  }

  private async reader(): Promise<PoolClient> {
    const wait = waitingFor(this.endpoint, { known: this.answered, warn: this.options.warn });
    for (;;) {
      this.options.signal?.throwIfAborted();
      try {
        const client = await this.pool.connect();
        this.answered = true;
        return client;
      } catch (error) {
        await wait(error);
      }
    }
  }

  transaction<T>(work: (client: Client) => Promise<T>): Promise<T> {
    return this.change(async () => {}, work);
  }

  change<Found, T>(
    look: (read: Reader) => Promise<Found>,
    work: (client: Client, found: Found) => Promise<T>,
  ): Promise<T> {
    return this.repeated((client) => inTransaction(client, look, work));
  }

  settle<Found>(look: (read: Reader) => Promise<Found>, plan: (found: Found) => readonly Statement[]): Promise<Found> {
    const readLater = this.query.bind(this);
    return this.repeated((client, sent) => settleInTransaction(client, look, plan, { sent, readLater }));
  }

  /** Runs a transaction, and repeats it after a failure that it did not cause. Other changes may run in between. */
  private async repeated<T>(transaction: (client: Client, sent: () => void) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.exclusively(async (session, sent) => {
          const result = await transaction(session.client, sent);
          session.wasUsed();
          return result;
        });
      } catch (error) {
        if (!repeatable.has(errorCode(error)) || attempt === attempts) throw error;
        this.options.warn?.(`rolled back (${messageOf(error)}); trying again`);
        const { signal } = this.options;
        await sleep(500 * 2 ** attempt, undefined, signal && { signal });
      }
    }
  }

  locked<T>(work: (client: Client) => Promise<T>): Promise<T> {
    return this.exclusively((session) => work(session.client));
  }

  async resumed<T>(work: (client: Client) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.locked(work);
      } catch (error) {
        if (!isConnectionLoss(error) || attempt === attempts || this.options.signal?.aborted) throw error;
        this.options.warn?.(`${messageOf(error)}; looks again (${attempt + 1} of ${attempts})`);
        const { signal } = this.options;
        await sleep(1_000 * 2 ** attempt, undefined, signal && { signal });
      }
    }
  }

  onNode<T>(
    { host, port }: { readonly host: string; readonly port: number },
    work: (client: Client) => Promise<T>,
    database = this.endpoint.database,
  ): Promise<T> {
    return this.exclusively(async () => {
      const server = { ...this.endpoint, host, port, database };
      const session = await Session.open(server, { ...this.patience, known: true });
      try {
        return await this.guarded(session, () => work(session.client));
      } finally {
        await session.close();
      }
    });
  }

  async close(): Promise<void> {
    await this.ended;
    clearTimeout(this.idle);
    if (this.changing) await this.dropChangeSession(this.changing);
    if (!this.pool.ending) await this.pool.end();
  }

  /**
   * Runs one change at a time in this process, under the lock against other processes.
   *
   * @param work calls `sent` when the next change may follow on the connection; otherwise the next one waits for its
   * end
   */
  private exclusively<T>(work: (session: Session, sent: () => void) => Promise<T>): Promise<T> {
    if (this.inWork.getStore()) throw new Error("work under the lock asked for the lock: use the client it was given");
    let sent = () => {};
    const over = new Promise<void>((resolve) => {
      sent = resolve;
    });
    const run = this.turn.then(async () => {
      clearTimeout(this.idle);
      this.working++;
      try {
        const session = await this.changeSession();
        try {
          return await this.inWork.run(true, () => this.guarded(session, () => work(session, sent)));
        } finally {
          if (session.broken) await this.dropChangeSession(session);
        }
      } finally {
        this.working--;
        if (this.working === 0) this.idle = setTimeout(() => void this.closeWhenIdle(), idleMs).unref();
      }
    });
    const ended = run.then(
      () => {},
      () => {},
    );
    this.turn = Promise.race([over, ended]);
    this.ended = Promise.all([this.ended, ended]);
    return run;
  }

  private get patience() {
    return { signal: this.options.signal, warn: this.options.warn, known: this.answered };
  }

  private async changeSession(): Promise<Session> {
    const current = this.changing;
    if (current && (await current.isConnected())) return current;
    if (current) await this.dropChangeSession(current);
    const session = await Session.open(this.endpoint, this.patience);
    this.answered = true;
    try {
      await takeLock(session.client, this.options);
    } catch (error) {
      await session.close();
      throw error;
    }
    this.changing = session;
    return session;
  }

  /** Closes in its own turn, so that no change starts on a connection that is closing. */
  private closeWhenIdle(): Promise<void> {
    const closed = this.turn.then(async () => {
      if (this.changing) await this.dropChangeSession(this.changing);
    });
    this.turn = closed.catch(() => {});
    return closed;
  }

  private async dropChangeSession(session: Session): Promise<void> {
    // Another session may have replaced it meanwhile.
    if (this.changing === session) this.changing = undefined;
    await session.close();
  }

  /** Cancels running work when Pulumi is cancelled, and translates errors. */
  private async guarded<T>(session: Session, work: () => Promise<T>): Promise<T> {
    const { signal } = this.options;
    signal?.throwIfAborted();
    let impatient: NodeJS.Timeout | undefined;
    const cancel = () => {
      void session.signalBackend("pg_cancel_backend");
      impatient = setTimeout(() => void session.signalBackend("pg_terminate_backend"), cancelPatienceMs).unref();
    };
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      return await work();
    } catch (error) {
      if (signal?.aborted) throw Object.assign(new Error("Cancelled; run it again to go on"), { cause: error });
      throw describeFailure(error, session.server);
    } finally {
      signal?.removeEventListener("abort", cancel);
      clearTimeout(impatient);
    }
  }
}
