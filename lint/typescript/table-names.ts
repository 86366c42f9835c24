/** Tables with their columns, from the SQL files. */
export type KnownTables = ReadonlyMap<string, ReadonlySet<string>>;

/** The table of a model: `order_items` for `OrderItem`, `orderItems` and `OrderItemEntity`, if that table exists. */
export function tableOfModel(known: KnownTables, model: string): string {
  const bare = snakeCase(model.replace(/(Entity|Model|Table|Repository|Repo)$/, ""));
  const candidates = [model, bare, `${bare}s`, `${bare}es`, bare.replace(/y$/, "ies")];
  return candidates.find((name) => known.has(name)) ?? bare;
}

/** The column of a model's field: `tenant_id` for `tenantId`, and for the relation `tenant`. */
export function columnOfField(known: KnownTables, table: string, field: string): string {
  const columns = known.get(table);
  const bare = snakeCase(field);
  return [field, bare, `${bare}_id`].find((name) => columns?.has(name)) ?? bare;
}

function snakeCase(name: string): string {
  return name
    .replace(/([a-z\d])([A-Z])/g, "$1_$2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1_$2")
    .toLowerCase();
}
