import { z } from "zod";
import { listNames } from "../../common/suggestion";
import { placeholderStyles } from "./placeholders";

const names = (example: string) => z.array(z.string(), `a list of names such as \`[${example}]\``).default([]);
/** Where the conditions are among a method's arguments: `0`, or `1.where` for a property of the second. */
const where = z.string("where the conditions are: an argument as `0`, a property of one as `0.where`, or `none`");
const conditions = z.record(z.string(), where.regex(/^(\d(\.\w+)?|none)$/, "`0`, `0.where` or `none`")).default({});

/** How a library's query builder is spoken: methods of a chain. */
const chainSchema = z.strictObject({
  /** True where the library itself is called with the table: `knex("orders")`. */
  callable: z.boolean("true or false").default(false),
  /** Methods whose argument is the table, or the entity, that is read. */
  from: names("selectFrom"),
  /** Methods that make it an INSERT, UPDATE or DELETE; their argument may be the table. */
  insert: names("insertInto"),
  update: names("updateTable"),
  delete: names("deleteFrom"),
  /** Methods whose first argument is another table, and the rest what it is joined on. */
  join: names("innerJoin"),
  /** Methods that add a condition which all rows meet, and those that widen the conditions. */
  where: names("where"),
  orWhere: names("orWhere"),
  /** Methods that lock the rows. */
  lock: names("forUpdate"),
  /** Methods that add what is not known here, tables by a relation's name among them. */
  opaque: names("withGraphJoined"),
});

/** How a library's models are asked. */
const modelsSchema = z.strictObject({
  /** The table is named by the property that a method is of, by the class or repository, or by the first argument. */
  named: z.array(z.enum(["property", "class", "argument"], "property, class or argument")),
  reads: conditions,
  writes: conditions,
});

/**
 * A library as lint knows it: which of its methods, functions, classes and decorators write, read, send, consume and
 * repeat, by the names that its documentation gives them. Those that lint knows by itself are in `libraries/`;
 * tenantry-lint.yaml adds others in the same form.
 */
export const librarySchema = z.strictObject({
  /** The packages that export it: `pg`; `@mikro-orm/*` are all that begin so. */
  packages: z.array(z.string(), "a list of packages such as `[pg]`").min(1, "at least one package"),
  /** Exports of what the library generates into a folder of the code's own, which need not be there. */
  generated: names("PrismaClient"),
  /** Methods and functions that write rows. */
  writes: names("save"),
  /** Methods and functions that send to a broker or a queue. */
  sends: names("publish"),
  /** Commands with which `send` sends: `client.send(new PublishCommand(…))`. */
  sendCommands: names("PublishCommand"),
  /** Methods and commands that hand messages out: the code that calls them consumes. */
  receives: names("receiveMessage"),
  /** Where it is given the code that handles messages. */
  handlers: z
    .strictObject({
      /** Methods and functions that take it: `channel.consume("queue", handler)`; `on:data` for `stream.on("data", handler)`. */
      methods: names("consume"),
      /** Classes that do: `new Worker("queue", handler)`. */
      classes: names("Worker"),
      /** Keys of an object that any of its methods or classes takes: `consumer.run({ eachMessage })`. */
      keys: names("eachMessage"),
      /** Decorators of methods: `@EventPattern("order.created")`. */
      decorators: names("EventPattern"),
      /** Methods of classes that extend one of its own: `process` of BullMQ's `WorkerHost`. */
      overrides: names("process"),
      /** Types of a function that handles messages, or of its first parameter: `SQSHandler`, `SQSEvent`. */
      types: names("SQSHandler"),
    })
    .prefault({}),
  /** Methods, functions and classes that run code again and again, and decorators that do. */
  schedules: z.strictObject({ methods: names("schedule"), decorators: names("Cron") }).prefault({}),
  /** Methods that begin a transaction or give a connection of one's own, also to the callback that they take. */
  transactions: names("transaction"),
  /** Classes and functions whose result runs each statement in a transaction of its own. */
  pools: names("Pool"),
  /** Methods, functions and tags of templates that take SQL, and how it marks its parameters beside `$1`. */
  sql: z
    .strictObject({
      methods: names("query"),
      tags: names("sql"),
      placeholders: z.array(z.enum(placeholderStyles, listNames([...placeholderStyles]))).default([]),
    })
    .prefault({}),
  chain: chainSchema.optional(),
  models: modelsSchema.optional(),
});

export type Library = z.output<typeof librarySchema>;
/** A library as it is written down: what it does not have is left out. */
export type LibraryDeclaration = z.input<typeof librarySchema>;
