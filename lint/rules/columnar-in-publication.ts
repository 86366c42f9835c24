import { forEachStatement } from "../ddl";
import type { Rule } from "../rule";

export const columnarInPublication: Rule = {
  name: "columnar-in-publication",
  severity: "error",
  harm: "Columnar tables write no changes that logical decoding understands: the stream misses them, or stops.",
  check: (statements) => {
    const columnar = new Set(
      statements.flatMap(({ node }) =>
        "CreateStmt" in node && node.CreateStmt.accessMethod === "columnar" ? [node.CreateStmt.relation?.relname] : [],
      ),
    );
    return forEachStatement(statements, ({ node, placeOf }) => {
      const publication =
        "CreatePublicationStmt" in node
          ? node.CreatePublicationStmt
          : "AlterPublicationStmt" in node && node.AlterPublicationStmt;
      if (!publication) return [];
      return (publication.pubobjects ?? []).flatMap((each) => {
        const relation = "PublicationObjSpec" in each ? each.PublicationObjSpec.pubtable?.relation : undefined;
        if (!columnar.has(relation?.relname)) return [];
        return [
          {
            what: `Columnar table \`${relation?.relname}\` is missing in the stream of \`${publication.pubname}\``,
            fix: "Take it out of the publication, or keep it in rows",
            at: placeOf(relation?.location),
          },
        ];
      });
    });
  },
};
