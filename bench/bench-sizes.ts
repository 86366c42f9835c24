/** The amounts that are measured. Larger amounts take longer and give steadier figures. */
export interface Sizes {
  /** Events in one round of throughput. @default 250_000 */
  readonly events: number;
  /** Events after which a worker counts as warm. @default 1_000_000 */
  readonly warmEvents: number;
  /** Rounds of each measurement that is repeated. @default 3 */
  readonly rounds: number;
  /** Duration of the measurement of latency, of each round of transactions, and of an idle Connect. @default 20 */
  readonly seconds: number;
  /** Tables of the application that is applied. @default 100 */
  readonly tables: number;
  /** Clients that run transactions in parallel. @default 4 */
  readonly clients: number;
  /** Rows of a month that ages. @default 1_000_000 */
  readonly rows: number;
}

export const defaultSizes: Sizes = {
  events: 250_000,
  warmEvents: 1_000_000,
  rounds: 3,
  seconds: 20,
  tables: 100,
  clients: 4,
  rows: 1_000_000,
};
