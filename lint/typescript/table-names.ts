/** Tables with their columns, from the SQL files. */
export type KnownTables = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * The table of a model: `order_items` or `OrderItem` for `OrderItem`, `orderItems` and `OrderItemEntity`, whichever
 * exists.
 */
export function tableOfModel(known: KnownTables, model: string): string {
  const bare = snakeCase(model.replace(/(Entity|Model|Table|Repository|Repo)$/, ""));
  const candidates = [model, bare, `${bare}s`, `${bare}es`, bare.replace(/y$/, "ies"), bare.replace(/s$/, "")];
  const found = candidates.find((name) => known.has(name));
  return found ?? candidates.flatMap((name) => spellingsOf(known).get(withoutCase(name)) ?? [])[0] ?? bare;
}

/** The column of a model's field: `tenant_id` or `tenantId` for `tenantId`, and for the relation `tenant`. */
export function columnOfField(known: KnownTables, table: string, field: string): string {
  const columns = known.get(table);
  const bare = snakeCase(field);
  return [field, bare, `${bare}_id`, `${field}Id`].find((name) => columns?.has(name)) ?? bare;
}

const spellings = new WeakMap<KnownTables, ReadonlyMap<string, string>>();

/** The known tables by their names without case and underscores, in which `"OrderItem"` equals `order_item`. */
function spellingsOf(known: KnownTables): ReadonlyMap<string, string> {
  const found = spellings.get(known) ?? new Map([...known.keys()].map((name) => [withoutCase(name), name]));
  spellings.set(known, found);
  return found;
}

function withoutCase(name: string): string {
  return name.toLowerCase().replaceAll("_", "");
}

function snakeCase(name: string): string {
  return name
    .replace(/([a-z\d])([A-Z])/g, "$1_$2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1_$2")
    .toLowerCase();
}
