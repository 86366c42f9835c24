/** Tables with their columns, as the SQL files make them. */
export type KnownTables = ReadonlyMap<string, ReadonlySet<string>>;

/** The table that a model is of: `OrderItem`, `orderItems` and `OrderItemEntity` are `order_items`, where there is one. */
export function tableOfModel(known: KnownTables, model: string): string {
  const bare = snakeCase(model.replace(/(Entity|Model|Table|Repository|Repo)$/, ""));
  const candidates = [model, bare, `${bare}s`, `${bare}es`, bare.replace(/y$/, "ies")];
  return candidates.find((name) => known.has(name)) ?? bare;
}

/** The column that a model's field is of: `tenantId` is `tenant_id`, and so is the relation `tenant`. */
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
