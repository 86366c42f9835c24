/** Where each of the embedded servers listens, on loopback. */
export interface Ports {
  readonly postgres: number;
  /** Of Citus only. */
  readonly worker_1: number;
  /** Of Citus only. */
  readonly worker_2: number;
  readonly kafka: number;
  /** Kafka's own, between its broker and its controller. */
  readonly controller: number;
  readonly connect: number;
}

/** What a user chose; 0 means any that is free. */
export interface PortWishes {
  /** Citus' workers take the next two. */
  readonly postgres?: number | undefined;
  /** Kafka's controller takes the next one. */
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
  /** Whether the embedded server itself or nobody has the port. */
  usable(port: number): Promise<boolean>;
  free(): Promise<number>;
}

/** What a home keeps of them. */
export interface KnownPorts {
  readonly ports: Ports;
  /** Those that a user chose by number: 0 lets go of them. @default none */
  readonly chosenPorts?: readonly (keyof PortWishes)[];
}

/** Each port, the wish that moves it, and how far behind the wished one it is. */
const places: readonly (readonly [keyof Ports, keyof PortWishes, number])[] = [
  ["postgres", "postgres", 0],
  ["worker_1", "postgres", 1],
  ["worker_2", "postgres", 2],
  ["kafka", "kafka", 0],
  ["controller", "kafka", 1],
  ["connect", "connect", 0],
];

/**
 * What was wished, else what is remembered, else the defaults. Under the wish 0 a remembered port keeps its place while it
 * is usable, unless somebody chose it by number.
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
