/** The files of an application with many tables, by name. A file has ten tables, one of them partitioned; all refer to the root table. */
export function manyTables(count: number): Readonly<Record<string, string>> {
  const names = Array.from({ length: count - 1 }, (_, index) => `table_${String(index + 1).padStart(3, "0")}`);
  const isPartitioned = (index: number) => index % 10 === 9;
  const described = names.map((name, index) =>
    isPartitioned(index)
      ? `  ${name}: { tenant: true, partition: { by: happened_at, every: 1 month } }`
      : `  ${name}: { tenant: true }`,
  );
  const files: Record<string, string> = {
    "architecture.yaml": `tenant: { table: tenants, column: tenant_id, type: uuid }
tables:
  tenants: { tenant: true }
${described.join("\n")}
events:
  retention: 1 day
  maxPayload: 8 KiB
  aggregates: {}
roles:
  app: { writes: all }
`,
    "010_tenants.sql": "CREATE TABLE tenants (tenant_id uuid PRIMARY KEY, name text NOT NULL);\n",
  };
  const tablesPerFile = 10;
  for (let start = 0; start < names.length; start += tablesPerFile) {
    const tables = names
      .slice(start, start + tablesPerFile)
      .map((name, index) => table(name, isPartitioned(start + index)));
    files[`${String(20 + start / tablesPerFile).padStart(3, "0")}_tables.sql`] = tables.join("\n");
  }
  return files;
}

function table(name: string, partitioned: boolean): string {
  return `CREATE TABLE ${name} (
  tenant_id uuid NOT NULL${partitioned ? "" : " REFERENCES tenants (tenant_id)"},
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  happened_at timestamptz NOT NULL DEFAULT now(),
  note text NOT NULL,
  PRIMARY KEY (tenant_id, ${partitioned ? "happened_at, " : ""}id)
)${partitioned ? " PARTITION BY RANGE (happened_at)" : ""};
CREATE INDEX ${name}_by_time ON ${name} (tenant_id, happened_at);
`;
}
