/** How much is measured: more is slower and steadier. */
export interface Sizes {
  /** Events of one round of throughput. @default 250_000 */
  readonly events: number;
  /** Events that make a worker warm. @default 1_000_000 */
  readonly warmEvents: number;
  /** Of everything that is measured several times. @default 3 */
  readonly rounds: number;
  /** Of latency, of each round of transactions, and of the look at an idle Connect. @default 20 */
  readonly seconds: number;
  /** Of the application that is applied. @default 100 */
  readonly tables: number;
  /** That run transactions side by side. @default 4 */
  readonly clients: number;
}

export const defaultSizes: Sizes = {
  events: 250_000,
  warmEvents: 1_000_000,
  rounds: 3,
  seconds: 20,
  tables: 100,
  clients: 4,
};
