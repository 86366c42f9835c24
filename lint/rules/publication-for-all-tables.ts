import { isDebezium } from "../connector-facts";
import { forEachStatement } from "../ddl";
import type { Rule } from "../rule";

export const publicationForAllTables: Rule = {
  name: "publication-for-all-tables",
  severity: "error",
  harm: "The changes of every table leave the database, tenants' rows among them, and tables without a key can't be updated.",
  refuses: true,
  check: (statements) =>
    forEachStatement(statements, ({ node }, at) => {
      const publication =
        "CreatePublicationStmt" in node
          ? node.CreatePublicationStmt
          : "AlterPublicationStmt" in node && node.AlterPublicationStmt;
      if (!publication) return [];
      const schema = publication.pubobjects?.some(
        (each) => "PublicationObjSpec" in each && each.PublicationObjSpec.pubobjtype !== "PUBLICATIONOBJ_TABLE",
      );
      if (!publication.for_all_tables && !schema) return [];
      return [
        {
          what: `Publication \`${publication.pubname}\` streams every table, future ones too`,
          fix: "Name the tables: events need the outbox alone, which the toolkit publishes",
          at,
        },
      ];
    }),
  checkConnector(connector) {
    const { config, name, placeOf } = connector;
    const mode = config["publication.autocreate.mode"] ?? "all_tables";
    if (!isDebezium(connector) || mode !== "all_tables") return [];
    return [
      {
        what: `Connector \`${name}\` creates a publication of all tables if its own is missing`,
        fix: "Write `publication.autocreate.mode: disabled`: the publication is a resource of its own",
        at: placeOf("publication.autocreate.mode"),
      },
    ];
  },
};
