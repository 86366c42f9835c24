/** What packages' methods do, by the names that their documentation gives them. */

interface Client {
  readonly modules: RegExp;
  readonly methods: readonly string[];
}

/** Clients that send to a message broker or to a queue. */
const publishers: readonly Client[] = [
  {
    modules: /^kafkajs$|^@confluentinc\/kafka-javascript$|^@platformatic\/kafka$/,
    methods: ["send", "sendBatch", "produce"],
  },
  { modules: /^node-rdkafka$/, methods: ["produce"] },
  { modules: /^amqplib(\/|$)|^amqp-connection-manager$/, methods: ["publish", "sendToQueue"] },
  { modules: /^rhea(-promise)?$/, methods: ["send"] },
  { modules: /^nats$|^@nats-io\//, methods: ["publish", "request"] },
  {
    modules: /^@aws-sdk\/client-(sqs|sns)$|^aws-sdk$/,
    methods: ["sendMessage", "sendMessageBatch", "publish", "publishBatch"],
  },
  { modules: /^@aws-sdk\/client-(eventbridge|kinesis)$/, methods: ["putEvents", "putRecord", "putRecords"] },
  { modules: /^@google-cloud\/pubsub$/, methods: ["publish", "publishMessage", "publishJSON"] },
  { modules: /^@azure\/(service-bus|event-hubs)$/, methods: ["sendMessages", "sendBatch", "scheduleMessages"] },
  { modules: /^pulsar-client$/, methods: ["send"] },
  { modules: /^mqtt$/, methods: ["publish", "publishAsync"] },
  { modules: /^bull(mq)?$/, methods: ["add", "addBulk"] },
  { modules: /^@nestjs\/microservices$/, methods: ["emit", "send"] },
];

/** AWS' clients send commands: `client.send(new SendMessageCommand(…))`. */
const publishingCommands = /^(SendMessage(Batch)?|Publish(Batch)?|PutEvents|PutRecords?)Command$/;
const commanded = /^@aws-sdk\/client-(sqs|sns|eventbridge|kinesis)$/;

/** Object-relational mappers and query builders: methods that write rows. SQL itself is read. */
const writers: readonly Client[] = [
  {
    modules: /^@prisma\/client|^\.prisma\/client/,
    methods: ["create", "createMany", "createManyAndReturn", "update", "updateMany", "upsert", "delete", "deleteMany"],
  },
  {
    modules: /^(@nestjs\/)?typeorm$/,
    methods: ["save", "insert", "update", "upsert", "delete", "remove", "softDelete", "softRemove", "restore"],
  },
  { modules: /^knex$/, methods: ["insert", "update", "upsert", "del", "delete", "increment", "decrement"] },
  { modules: /^kysely$/, methods: ["insertInto", "updateTable", "deleteFrom", "mergeInto"] },
  { modules: /^drizzle-orm(\/|$)/, methods: ["insert", "update", "delete"] },
  {
    modules: /^sequelize(-typescript)?$|^@sequelize\//,
    methods: ["create", "bulkCreate", "update", "upsert", "save", "destroy", "increment", "decrement", "findOrCreate"],
  },
  {
    modules: /^@mikro-orm\//,
    methods: ["flush", "persistAndFlush", "removeAndFlush", "nativeInsert", "nativeUpdate", "nativeDelete"],
  },
];

/** Methods that may be one of the above: of any other a value's origin need not be looked for. */
export const actingMethods: ReadonlySet<string> = new Set(
  [...publishers, ...writers].flatMap(({ methods }) => methods).concat("send"),
);

/** Packages of the brokers above, also for reading. */
export function isBroker(module: string): boolean {
  return publishers.some(({ modules }) => modules.test(module)) || commanded.test(module) || module === "sqs-consumer";
}

export function publishes(module: string, method: string, command: string | undefined): boolean {
  if (commanded.test(module) && method === "send") return publishingCommands.test(command ?? "");
  return has(publishers, module, method);
}

export function writesRows(module: string, method: string): boolean {
  return has(writers, module, method);
}

function has(clients: readonly Client[], module: string, method: string): boolean {
  return clients.some(({ modules, methods }) => modules.test(module) && methods.includes(method));
}
