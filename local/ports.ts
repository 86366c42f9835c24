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

/** What was wished, else what is remembered, else the defaults. A remembered port keeps its place under the wish 0. */
export async function choosePorts(
  wishes: PortWishes,
  remembered: Ports | undefined,
  finder: PortFinder,
): Promise<Ports> {
  const taken = new Set<number>();
  const choose = async (name: keyof Ports, wish: number | undefined, after = 0): Promise<number> => {
    const known = remembered?.[name];
    const port =
      wish === undefined
        ? (known ?? defaultPorts[name])
        : wish > 0
          ? wish + after
          : known !== undefined && !taken.has(known) && (await finder.usable(known))
            ? known
            : await another(taken, finder);
    taken.add(port);
    return port;
  };
  return {
    postgres: await choose("postgres", wishes.postgres),
    worker_1: await choose("worker_1", wishes.postgres, 1),
    worker_2: await choose("worker_2", wishes.postgres, 2),
    kafka: await choose("kafka", wishes.kafka),
    controller: await choose("controller", wishes.kafka, 1),
    connect: await choose("connect", wishes.connect),
  };
}

async function another(taken: ReadonlySet<number>, finder: PortFinder): Promise<number> {
  for (;;) {
    const port = await finder.free();
    if (!taken.has(port)) return port;
  }
}
