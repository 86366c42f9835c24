/** The most that was measured, and with how many clients. */
export interface Peak {
  readonly clients: number;
  readonly perSecond: number;
}

/** So much more must a doubling of the clients bring, or the server is full. */
const worthwhile = 1.05;

/** Doubles the clients until throughput no longer grows, or `most` are reached. */
export async function ramp(most: number, measure: (clients: number) => Promise<number>): Promise<Peak> {
  let peak: Peak = { clients: 1, perSecond: await measure(1) };
  for (let clients = 2; clients <= most; clients *= 2) {
    const perSecond = await measure(clients);
    const grew = perSecond >= peak.perSecond * worthwhile;
    if (perSecond > peak.perSecond) peak = { clients, perSecond };
    if (!grew) return peak;
  }
  return peak;
}
