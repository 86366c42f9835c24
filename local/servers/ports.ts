/** The ports of the embedded servers on loopback. */
interface Ports {
  readonly postgres: number;
  /** Used only with Citus. */
  readonly worker_1: number;
  /** Used only with Citus. */
  readonly worker_2: number;
  readonly kafka: number;
  /** The port of Kafka's controller. */
  readonly controller: number;
  readonly connect: number;
}

/** The ports that a user asks for; 0 means any free port. */
export interface PortWishes {
  /** Citus' workers take the next two ports. */
  readonly postgres?: number | undefined;
  /** Kafka's controller takes the next port. */
  readonly kafka?: number | undefined;
  readonly connect?: number | undefined;
}

export const defaultPorts: Ports = {
  postgres: 15432,
  worker_1: 15433,
  worker_2: 15434,
  kafka: 19092,
  controller: 19093,
  connect: 18083,
};

export interface PortFinder {
  /** True if the port is free or used by the embedded server itself. */
  usable(port: number): Promise<boolean>;
  free(): Promise<number>;
}

/** The ports that a home keeps. */
export interface KnownPorts {
  readonly ports: Ports;
  /** The ports that a user chose by number; asking for 0 clears them. @default none */
  readonly chosenPorts?: readonly (keyof PortWishes)[];
}

/** Each port, the option that sets it, and its offset from that option's port. */
const places: readonly (readonly [keyof Ports, keyof PortWishes, number])[] = [
  ["postgres", "postgres", 0],
  ["worker_1", "postgres", 1],
  ["worker_2", "postgres", 2],
  ["kafka", "kafka", 0],
  ["controller", "kafka", 1],
  ["connect", "connect", 0],
];

/**
 * Chooses the ports: the requested ones, otherwise the kept ones, otherwise the defaults. If 0 is requested, a kept port stays
 * while it is usable, unless a user chose it by number.
 */
export async function choosePorts(
  wishes: PortWishes,
  remembered: KnownPorts | undefined,
  finder: PortFinder,
): Promise<Required<KnownPorts>> {
  const chosenBefore = remembered?.chosenPorts ?? [];
  const ports: Partial<Record<keyof Ports, number>> = {};
  for (const [name, wished, after] of places) {
    const wish = wishes[wished];
    const known = remembered?.ports[name];
    const taken = Object.values(ports);
    const keeps = async (port: number) =>
      !chosenBefore.includes(wished) && !taken.includes(port) && (await finder.usable(port));
    if (wish === undefined) ports[name] = known ?? defaultPorts[name];
    else if (wish > 0) ports[name] = wish + after;
    else ports[name] = known !== undefined && (await keeps(known)) ? known : await another(taken, finder);
  }
  const isChosen = (name: keyof PortWishes) => (wishes[name] ?? (chosenBefore.includes(name) ? 1 : 0)) > 0;
  return {
    ports: ports as Ports,
    chosenPorts: (["postgres", "kafka", "connect"] as const).filter(isChosen),
  };
}

async function another(taken: readonly number[], finder: PortFinder): Promise<number> {
  for (;;) {
    const port = await finder.free();
    if (!taken.includes(port)) return port;
  }
}
