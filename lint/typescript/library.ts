import { z } from "zod";
import { listNames } from "../../common/suggestion";
import { placeholderStyles } from "./placeholders";

const names = (example: string) => z.array(z.string(), `a list of names such as \`[${example}]\``).default([]);
/** The place of the conditions among a method's arguments: `0`, or `1.where` for a property of the second. */
const where = z.string("where the conditions are: an argument as `0`, a property of one as `0.where`, or `none`");
const conditions = z.record(z.string(), where.regex(/^(\d(\.\w+)?|none)$/, "`0`, `0.where` or `none`")).default({});

/** A library's query builder: the methods of its chains. */
const chainSchema = z.strictObject({
  /** True if code calls the library itself with the table: `knex("orders")`. */
  callable: z.boolean("true or false").default(false),
  /** Methods whose argument is the table or entity to read. */
  from: names("selectFrom"),
  /** Methods that turn the query into an INSERT, UPDATE or DELETE; their argument may be the table. */
  insert: names("insertInto"),
  update: names("updateTable"),
  delete: names("deleteFrom"),
  /** Methods that join: the first argument is the other table, the rest is the join condition. */
  join: names("innerJoin"),
  /** Methods that add a condition with AND, and methods that add one with OR. */
  where: names("where"),
  orWhere: names("orWhere"),
  /** Methods that lock the rows. */
  lock: names("forUpdate"),
  /** Methods whose effect lint cannot read, such as a join by a relation's name. */
  opaque: names("withGraphJoined"),
});

/** Methods of a library's models. */
const modelsSchema = z.strictObject({
  /**
   * Sources of the table's name: the property before the method, the class or repository, or the first argument.
   */
  named: z.array(z.enum(["property", "class", "argument"], "property, class or argument")),
  reads: conditions,
  writes: conditions,
});

/**
 * A library that lint knows: the names, from the library's documentation, of its methods, functions, classes and
 * decorators that write, read, send, consume and repeat. `libraries/` holds the built-in ones; tenantry-lint.yaml adds
 * others in the same form.
 */
export const librarySchema = z.strictObject({
  /** Packages that export the library: `pg`; `@mikro-orm/*` matches every package that begins so. */
  packages: z.array(z.string(), "a list of packages such as `[pg]`").min(1, "at least one package"),
  /** Names that the library's code generator exports from a folder of the application; the folder need not exist. */
  generated: names("PrismaClient"),
  /** Methods and functions that write rows. */
  writes: names("save"),
  /** Methods and functions that send to a broker or a queue. */
  sends: names("publish"),
  /** Commands that `send` sends: `client.send(new PublishCommand(…))`. */
  sendCommands: names("PublishCommand"),
  /** Methods and commands that return messages: code that calls them is a consumer. */
  receives: names("receiveMessage"),
  /** The ways in which the library receives the code that handles messages. */
  handlers: z
    .strictObject({
      /**
       * Methods and functions that receive the handler: `channel.consume("queue", handler)`; `on:data` for
       * `stream.on("data", handler)`.
       */
      methods: names("consume"),
      /** Classes that receive the handler: `new Worker("queue", handler)`. */
      classes: names("Worker"),
      /** Keys of an object argument that hold the handler: `consumer.run({ eachMessage })`. */
      keys: names("eachMessage"),
      /** Decorators of handler methods: `@EventPattern("order.created")`. */
      decorators: names("EventPattern"),
      /** Handler methods of classes that extend a class of the library: `process` of BullMQ's `WorkerHost`. */
      overrides: names("process"),
      /** Types of a handler function, or of its first parameter: `SQSHandler`, `SQSEvent`. */
      types: names("SQSHandler"),
    })
    .prefault({}),
  /** Methods, functions, classes and decorators that run code again and again. */
  schedules: z.strictObject({ methods: names("schedule"), decorators: names("Cron") }).prefault({}),
  /** Methods that begin a transaction or return a dedicated connection, also to their callback. */
  transactions: names("transaction"),
  /** Classes and functions whose result runs each statement in its own transaction. */
  pools: names("Pool"),
  /** Methods, functions and template tags that take SQL, and the library's parameter styles beside `$1`. */
  sql: z
    .strictObject({
      methods: names("query"),
      tags: names("sql"),
      placeholders: z.array(z.enum(placeholderStyles, listNames([...placeholderStyles]))).default([]),
    })
    .prefault({}),
  /** Methods of a schema builder that create the table that their first argument names. */
  creates: names("createTable"),
  /** True if the library runs each migration, with its `up`, in a transaction. */
  wrapsMigrations: z.boolean("true or false").default(false),
  chain: chainSchema.optional(),
  models: modelsSchema.optional(),
});

export type Library = z.output<typeof librarySchema>;
/** A library before parsing; missing keys take their defaults. */
export type LibraryDeclaration = z.input<typeof librarySchema>;
