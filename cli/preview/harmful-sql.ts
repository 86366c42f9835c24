interface Harm {
  readonly pattern: RegExp;
  readonly says: string;
}

/** Statements that may harm rows, events or the isolation of tenants. */
const harms: readonly Harm[] = [
  {
    pattern: /\bDROP\s+(TABLE|SCHEMA|DATABASE|MATERIALIZED\s+VIEW|EXTENSION|OWNED|TYPE|DOMAIN)\b/i,
    says: "drops data",
  },
  {
    pattern: /\bALTER\s+TABLE\b[^;]*?\bDROP\s+(?!CONSTRAINT|DEFAULT|NOT\s+NULL|EXPRESSION|IDENTITY)(COLUMN\b|"|\w)/i,
    says: "drops a column with its values",
  },
  { pattern: /\bTRUNCATE\b/i, says: "empties a table" },
  { pattern: /\bDELETE\s+FROM\b/i, says: "deletes rows" },
  { pattern: /\bDETACH\s+PARTITION\b/i, says: "takes a partition and its rows out of the table" },
  { pattern: /\bALTER\s+(COLUMN\s+)?\S+\s+(SET\s+DATA\s+)?TYPE\b/i, says: "may rewrite the table while it is locked" },
  { pattern: /\b(NO\s+FORCE|DISABLE)\s+ROW\s+LEVEL\s+SECURITY\b/i, says: "opens tenants' rows to each other" },
  { pattern: /\bDROP\s+PUBLICATION\b/i, says: "stops the connectors that read it" },
  { pattern: /\b(alter_distributed_table|undistribute_table)\s*\(/i, says: "rewrites every row" },
  { pattern: /\bcitus_(drain_node|remove_node|disable_node)\s*\(/i, says: "takes a node out" },
  { pattern: /\bpg_drop_replication_slot\s*\(/i, says: "forgets the events that were not read yet" },
];

/** A remark of the provider that announces harm: `-- partitions older than 1 year are dropped in the next round`. */
const remark = /^\s*--\s*(.*\b(?:are|is|be) (?:dropped|removed|rewritten|drained|detached|lost)\b.*?):?\s*$/i;

/** The harms in these texts, each once, with the beginning of the statement. */
export function harmfulStatements(texts: readonly string[]): string[] {
  const remarks = texts.flatMap((text) => text.split("\n").flatMap((line) => remark.exec(line)?.[1] ?? []));
  const found = texts.flatMap((text) => {
    const bare = withoutQuoted(text);
    return harms.flatMap(({ pattern, says }) => {
      const at = pattern.exec(bare);
      return at ? [`${says}: \`${excerpt(bare, at.index)}\``] : [];
    });
  });
  return [...new Set([...remarks, ...found])];
}

/** Blanks comments, strings and the bodies of functions, which only look like statements. Keeps the bodies of DO, because they run. */
function withoutQuoted(text: string): string {
  return text
    .replaceAll(/--[^\n]*|\/\*[\s\S]*?\*\//g, " ")
    .replaceAll(/(?<!\bDO\s+(?:LANGUAGE\s+\w+\s+)?)(\$\w*\$)[\s\S]*?\1/gi, "'…'")
    .replaceAll(/'(?:[^']|'')*'/g, "'…'");
}

function excerpt(text: string, from: number): string {
  const [line = ""] = text.slice(from).trimStart().split(/\n|;/, 1);
  return line.replaceAll("`", "'").replaceAll(/\s+/g, " ").trim().slice(0, 120);
}
