import type { RefusalName } from "../../../../lint/citus/citus-refusals";

/** The file that creates the tables of an application `shop`. The files of an example follow it. */
export const tables = `CREATE TABLE countries (code text PRIMARY KEY, name text);
CREATE TABLE tenants (tenant_id uuid PRIMARY KEY, name text, country text);
CREATE TABLE customers (tenant_id uuid NOT NULL, customer_id uuid NOT NULL DEFAULT gen_random_uuid(), email text,
  country text, visits int NOT NULL DEFAULT 0, shout text GENERATED ALWAYS AS (upper(email)) STORED,
  PRIMARY KEY (tenant_id, customer_id), CONSTRAINT email_there CHECK (email <> ''));
CREATE TABLE orders (tenant_id uuid NOT NULL, order_id uuid NOT NULL, placed_at timestamptz NOT NULL, customer_id uuid,
  total numeric, PRIMARY KEY (tenant_id, placed_at, order_id)) PARTITION BY RANGE (placed_at);
CREATE TABLE orders_1 PARTITION OF orders FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE orders_2 PARTITION OF orders FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
CREATE TABLE jobs (id int PRIMARY KEY, note text);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE SEQUENCE numbers;
CREATE SEQUENCE others;`;
export const references = ["countries"];
export const tenants = ["tenants", "customers", "orders"];

export interface Example {
  /** A file that creates a table `t`, which is distributed after the file. */
  readonly makes?: {
    readonly kind: "tenant" | "reference";
    readonly sql: string;
    /** The foreign key in the file, which is added after the table is distributed. */
    readonly key?: string;
  };
  /** The next file. */
  readonly change?: string;
  /** True if PostgreSQL accepts the change only outside a transaction. */
  readonly alone?: true;
}

const tenant = (sql: string): Example => ({ makes: { kind: "tenant", sql } });
const keyed = (key: string): Example => ({ makes: { kind: "tenant", sql: `CREATE TABLE t (${t}, ${key});`, key } });
const change = (sql: string): Example => ({ change: sql });
const t = "tenant_id uuid NOT NULL, id uuid NOT NULL, a int, b text, c uuid, PRIMARY KEY (tenant_id, id)";
const anna = "'00000000-0000-0000-0000-00000000000a'";
const insert = `INSERT INTO customers (tenant_id, customer_id) VALUES (${anna}, ${anna})`;
const conflict = `${insert} ON CONFLICT (tenant_id, customer_id) DO UPDATE`;
const key = "FOREIGN KEY (tenant_id, c) REFERENCES customers";

/** Examples of each refusal: PostgreSQL accepts them, Citus refuses them, and the rule reports them at their place. */
export const refused: Readonly<Record<RefusalName, readonly Example[]>> = {
  trigger: [
    tenant(`CREATE TABLE t (${t}); CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION touch();`),
    {
      makes: {
        kind: "reference",
        sql: "CREATE TABLE t (id int PRIMARY KEY); CREATE TRIGGER x AFTER INSERT ON t EXECUTE FUNCTION touch();",
      },
    },
    tenant(
      `CREATE TABLE t (${t}); CREATE CONSTRAINT TRIGGER x AFTER INSERT ON t DEFERRABLE FOR EACH ROW EXECUTE FUNCTION touch();`,
    ),
    change("CREATE TRIGGER x BEFORE UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION touch();"),
    change("CREATE TRIGGER x BEFORE UPDATE ON countries FOR EACH ROW EXECUTE FUNCTION touch();"),
  ],
  "trigger-switch": [
    change("ALTER TABLE customers DISABLE TRIGGER USER;"),
    change("ALTER TABLE countries DISABLE TRIGGER ALL;"),
    change("ALTER TABLE customers ENABLE TRIGGER ALL;"),
  ],
  "foreign-key-set": [
    keyed(`${key} ON DELETE SET NULL (c)`),
    keyed(`${key} ON DELETE SET DEFAULT (c)`),
    { ...tenant(`CREATE TABLE t (${t});`), change: `ALTER TABLE t ADD CONSTRAINT k ${key} ON DELETE SET NULL (c);` },
  ],
  "foreign-key-update": [
    keyed(`${key} ON UPDATE CASCADE`),
    keyed(`${key} ON UPDATE SET NULL`),
    { ...tenant(`CREATE TABLE t (${t});`), change: `ALTER TABLE t ADD CONSTRAINT k ${key} ON UPDATE SET DEFAULT;` },
  ],
  "policy-subquery": [
    tenant(`CREATE TABLE t (${t}); CREATE POLICY p ON t USING (tenant_id IN (SELECT tenant_id FROM tenants));`),
    change("CREATE POLICY p ON customers USING (EXISTS (SELECT FROM tenants));"),
    change("CREATE POLICY p ON countries USING (code IN (SELECT code FROM countries));"),
  ],
  rule: [
    change(`CREATE RULE r AS ON INSERT TO customers DO ALSO INSERT INTO jobs VALUES (2); ${insert};`),
    change(
      `CREATE RULE r AS ON INSERT TO customers DO INSTEAD INSERT INTO orders (tenant_id, order_id, placed_at) VALUES (NEW.tenant_id, NEW.customer_id, '2026-01-03'); ${insert};`,
    ),
  ],
  "rule-switch": [
    change("CREATE RULE r AS ON DELETE TO customers DO INSTEAD NOTHING; ALTER TABLE customers DISABLE RULE r;"),
  ],
  inheritance: [
    change("CREATE TABLE u (z int) INHERITS (customers);"),
    change("CREATE TABLE u () INHERITS (countries);"),
    tenant("CREATE TABLE t (tenant_id uuid NOT NULL, key uuid, PRIMARY KEY (tenant_id, key)) INHERITS (jobs);"),
    change("CREATE TABLE u (tenant_id uuid NOT NULL); ALTER TABLE customers INHERIT u;"),
  ],
  "typed-table": [
    {
      ...tenant(
        "CREATE TYPE pair AS (tenant_id uuid, id uuid); CREATE TABLE t (tenant_id uuid, id uuid, PRIMARY KEY (tenant_id, id));",
      ),
      change: "ALTER TABLE t OF pair;",
    },
  ],
  "generated-tenant-column": [
    tenant("CREATE TABLE t (x uuid, tenant_id uuid NOT NULL GENERATED ALWAYS AS (x) STORED, PRIMARY KEY (tenant_id));"),
  ],
  "tenant-column-collation": [
    tenant(`CREATE COLLATION loose (provider = icu, locale = 'und', deterministic = false);
      CREATE TABLE t (tenant_id text COLLATE loose NOT NULL PRIMARY KEY);`),
  ],
  "nested-partitions": [
    tenant(`CREATE TABLE t (tenant_id uuid, at date, a int, PRIMARY KEY (tenant_id, at, a)) PARTITION BY RANGE (at);
      CREATE TABLE u PARTITION OF t FOR VALUES FROM ('2026-01-01') TO ('2027-01-01') PARTITION BY LIST (a);`),
    tenant(`CREATE TABLE t (tenant_id uuid, at date, a int, PRIMARY KEY (tenant_id, at, a)) PARTITION BY RANGE (at);
      CREATE TABLE u (tenant_id uuid, at date, a int, PRIMARY KEY (tenant_id, at, a)) PARTITION BY LIST (a);
      ALTER TABLE t ATTACH PARTITION u DEFAULT;`),
  ],
  "range-type": [
    tenant(`CREATE TYPE span AS RANGE (subtype = float8); CREATE TABLE t (${t}, s span);`),
    change("CREATE TYPE span AS RANGE (subtype = float8); ALTER TABLE customers ADD COLUMN s span[];"),
    change("CREATE TYPE span AS RANGE (subtype = float8); ALTER TABLE countries ADD COLUMN s span;"),
  ],
  "two-sequences": [tenant(`CREATE TABLE t (${t}, n bigint DEFAULT nextval('numbers') - nextval('others'));`)],
  "several-commands": [
    change("ALTER TABLE customers ADD CONSTRAINT k CHECK (visits >= 0), ADD COLUMN z int;"),
    change("ALTER TABLE customers DROP CONSTRAINT email_there, ADD CONSTRAINT email_there CHECK (email <> 'a');"),
    change("ALTER TABLE countries ADD CONSTRAINT k CHECK (code <> ''), ALTER name SET NOT NULL;"),
  ],
  "column-constraint": [
    change("ALTER TABLE customers ADD COLUMN z int CHECK (z > 0);"),
    change("ALTER TABLE customers ADD COLUMN z text REFERENCES countries, ADD COLUMN y int;"),
    change("ALTER TABLE customers ADD COLUMN z text CONSTRAINT k CHECK (z <> '') REFERENCES countries;"),
    change("ALTER TABLE countries ADD COLUMN z int UNIQUE, ADD COLUMN y int;"),
  ],
  "numbered-column": [
    change("ALTER TABLE countries ADD COLUMN z bigserial;"),
    change("ALTER TABLE countries ADD COLUMN z bigint GENERATED ALWAYS AS IDENTITY;"),
    change(
      "ALTER TABLE countries ADD COLUMN z int NOT NULL DEFAULT 0; ALTER TABLE countries ALTER z DROP DEFAULT; ALTER TABLE countries ALTER z ADD GENERATED ALWAYS AS IDENTITY;",
    ),
  ],
  "sequence-default": [change("ALTER TABLE customers ALTER visits SET DEFAULT nextval('numbers'), ADD COLUMN z int;")],
  "sequence-column-type": [
    {
      ...tenant(`CREATE TABLE t (${t}, n bigint DEFAULT nextval('numbers'));`),
      change: "ALTER TABLE t ALTER n TYPE int;",
    },
  ],
  "sequence-owner": [
    change("CREATE SEQUENCE q OWNED BY customers.visits;"),
    change("CREATE SEQUENCE q OWNED BY shop.countries.code;"),
  ],
  "sequence-change": [
    {
      ...tenant(`CREATE TABLE t (${t}, n bigint DEFAULT nextval('numbers'));`),
      change: "ALTER SEQUENCE numbers INCREMENT 5;",
    },
    {
      ...tenant(`CREATE TABLE t (${t}, n bigint DEFAULT nextval('shop.numbers'::regclass));`),
      change: "ALTER SEQUENCE shop.numbers RESTART 100;",
    },
  ],
  "tenant-column-change": [
    change("ALTER TABLE customers ALTER tenant_id SET DEFAULT gen_random_uuid();"),
    change("ALTER TABLE customers ALTER tenant_id DROP DEFAULT;"),
    {
      ...tenant("CREATE TABLE t (tenant_id uuid NOT NULL, id uuid);"),
      change: "ALTER TABLE t ALTER tenant_id DROP NOT NULL;",
    },
    change("ALTER TABLE customers DROP COLUMN tenant_id CASCADE;"),
  ],
  "column-statistics": [
    change("ALTER TABLE customers ALTER visits SET STATISTICS 500;"),
    change("ALTER TABLE customers ALTER visits SET (n_distinct = 5);"),
    change("ALTER TABLE countries ALTER name RESET (n_distinct);"),
  ],
  "column-storage": [change("ALTER TABLE customers ALTER email SET STORAGE EXTERNAL;")],
  "generated-expression": [change("ALTER TABLE customers ALTER shout DROP EXPRESSION;")],
  "constraint-change": [
    change(`ALTER TABLE customers ADD CONSTRAINT k FOREIGN KEY (country) REFERENCES countries;
      ALTER TABLE customers ALTER CONSTRAINT k DEFERRABLE;`),
  ],
  "constraint-name": [
    change("ALTER TABLE customers RENAME CONSTRAINT email_there TO email_is_there;"),
    change("ALTER TABLE countries RENAME CONSTRAINT countries_pkey TO one_code;"),
  ],
  "cluster-index": [
    change("ALTER TABLE customers CLUSTER ON customers_pkey;"),
    change("ALTER TABLE countries SET WITHOUT CLUSTER;"),
  ],
  tablespace: [
    change("ALTER TABLE customers SET TABLESPACE pg_default;"),
    change("CREATE INDEX i ON countries (name) TABLESPACE pg_default;"),
    change("CREATE INDEX i ON customers (email); ALTER INDEX i SET TABLESPACE pg_default;"),
  ],
  "default-access-method": [change("ALTER TABLE customers SET ACCESS METHOD DEFAULT;")],
  "detach-concurrently": [{ change: "ALTER TABLE orders DETACH PARTITION orders_2 CONCURRENTLY;", alone: true }],
  "several-indexes": [
    change("CREATE INDEX i ON customers (email); CREATE INDEX j ON customers (visits); DROP INDEX i, j;"),
    change("CREATE INDEX i ON countries (name); CREATE INDEX j ON jobs (note); DROP INDEX shop.j, shop.i;"),
  ],
  "partitioned-reindex": [{ change: "REINDEX TABLE orders;", alone: true }],
  "verbose-cluster": [change("CLUSTER VERBOSE customers USING customers_pkey;")],
  "unnamed-statistics": [
    change("CREATE STATISTICS ON visits, email FROM customers;"),
    change("CREATE STATISTICS ON code, name FROM countries;"),
  ],
  "view-default": [
    change(`CREATE VIEW v WITH (security_invoker = true) AS SELECT tenant_id, email FROM customers;
      ALTER VIEW v ALTER email SET DEFAULT 'x';`),
    change("CREATE VIEW v AS SELECT code FROM countries; ALTER TABLE v ALTER code SET DEFAULT 'x';"),
  ],
  "tenant-column-value": [change(`UPDATE orders SET tenant_id = ${anna} WHERE total < 0;`)],
  "volatile-change": [
    change("UPDATE customers SET visits = (random() * 10)::int;"),
    change("UPDATE countries SET name = gen_random_uuid()::text;"),
    change("DELETE FROM customers WHERE random() < 0.5;"),
    change(`UPDATE customers SET visits = 1 WHERE tenant_id = ${anna} AND random() < 0.5;`),
  ],
  "conflict-function": [
    change(`${conflict} SET email = now()::text;`),
    change(`${conflict} SET email = CURRENT_TIMESTAMP::text;`),
    change(`${conflict} SET visits = 1 WHERE customers.email < now()::text;`),
    change("INSERT INTO countries VALUES ('NO', 'Norway') ON CONFLICT (code) DO UPDATE SET name = now()::text;"),
  ],
  "conditional-function": [
    change("UPDATE customers SET email = COALESCE(email, now()::text);"),
    change("UPDATE customers SET email = CASE WHEN visits > 1 THEN now()::text END;"),
  ],
  "returning-function": [
    change("UPDATE customers SET visits = 1 RETURNING now();"),
    change("DELETE FROM orders RETURNING now();"),
    change(`${insert} RETURNING random();`),
  ],
  "values-subquery": [
    change(`INSERT INTO customers (tenant_id, email) VALUES (${anna}, (SELECT name FROM countries LIMIT 1));`),
    change("INSERT INTO countries VALUES ('XX', (SELECT 'x'));"),
  ],
  "reference-change": [
    change("UPDATE countries SET name = c.email FROM customers c WHERE c.country = code;"),
    change("DELETE FROM countries USING customers WHERE customers.country = code;"),
  ],
  "merge-target": [
    change(
      "MERGE INTO countries c USING (SELECT 'NO' AS code) n ON c.code = n.code WHEN MATCHED THEN UPDATE SET name = 'x';",
    ),
  ],
  "merge-source": [
    change("MERGE INTO customers c USING jobs j ON c.visits = j.id WHEN MATCHED THEN UPDATE SET visits = 3;"),
    change(
      `MERGE INTO customers c USING (VALUES (${anna}::uuid)) v (t) ON c.tenant_id = v.t WHEN MATCHED THEN UPDATE SET visits = 3;`,
    ),
  ],
  "merge-returning": [
    change(`MERGE INTO customers c USING tenants t ON c.tenant_id = t.tenant_id WHEN MATCHED THEN UPDATE SET visits = 3
      RETURNING c.visits;`),
  ],
  "lock-everywhere": [
    change("SELECT email FROM customers FOR UPDATE;"),
    change("SELECT email FROM customers WHERE visits > 3 FOR KEY SHARE;"),
  ],
};

/** Similar changes that PostgreSQL and Citus both accept, and that the rule does not report. */
export const accepted: readonly Example[] = [
  change(
    "CREATE TRIGGER x BEFORE INSERT ON jobs FOR EACH ROW EXECUTE FUNCTION touch(); ALTER TABLE jobs DISABLE TRIGGER x;",
  ),
  change(`CREATE VIEW v WITH (security_invoker = true) AS SELECT * FROM customers;
    CREATE TRIGGER x INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION touch();`),
  keyed(`${key} ON DELETE CASCADE ON UPDATE RESTRICT DEFERRABLE INITIALLY DEFERRED`),
  change(
    "ALTER TABLE customers ADD CONSTRAINT k FOREIGN KEY (country) REFERENCES countries ON DELETE SET NULL ON UPDATE CASCADE;",
  ),
  change(
    "ALTER TABLE customers ADD CONSTRAINT k FOREIGN KEY (country) REFERENCES countries NOT VALID; ALTER TABLE customers VALIDATE CONSTRAINT k;",
  ),
  tenant(`CREATE TABLE t (${t}); CREATE POLICY p ON t AS RESTRICTIVE USING (a >= 0);`),
  tenant(`CREATE TABLE t (${t}, n bigint DEFAULT nextval('numbers'));`),
  tenant(`CREATE TABLE t (${t}); ALTER TABLE t ADD CONSTRAINT k CHECK (a >= 0), ADD COLUMN z int CHECK (z > 0);`),
  tenant(
    `CREATE TABLE t (${t}); ALTER TABLE t ALTER a SET STATISTICS 500; ALTER TABLE t RENAME CONSTRAINT t_pkey TO one;`,
  ),
  change("ALTER TABLE customers ADD COLUMN y int, ADD COLUMN z int CONSTRAINT k CHECK (z > 0), DROP COLUMN shout;"),
  change("ALTER TABLE customers ADD COLUMN z text NOT NULL DEFAULT 'NO' REFERENCES countries;"),
  change(
    "ALTER TABLE customers ADD COLUMN z text CONSTRAINT k REFERENCES countries, ADD COLUMN y text CONSTRAINT l REFERENCES countries;",
  ),
  change(
    "ALTER TABLE customers ALTER visits TYPE bigint; ALTER TABLE customers ALTER visits SET DEFAULT nextval('numbers');",
  ),
  change("ALTER SEQUENCE numbers INCREMENT 5; ALTER SEQUENCE others OWNED BY customers.visits;"),
  change("ALTER TABLE customers ALTER email SET COMPRESSION pglz, ALTER email SET NOT NULL, SET (fillfactor = 70);"),
  change(
    "CREATE UNIQUE INDEX i ON customers (tenant_id, visits); ALTER TABLE customers ADD CONSTRAINT k UNIQUE USING INDEX i;",
  ),
  change("CREATE INDEX i ON jobs (note); CREATE INDEX j ON jobs (id); DROP INDEX i, j;"),
  change("ALTER TABLE orders DETACH PARTITION orders_2;"),
  change("CREATE TABLE orders_d (LIKE orders); ALTER TABLE orders ATTACH PARTITION orders_d DEFAULT;"),
  change(
    "CREATE STATISTICS s ON visits, email FROM customers; CLUSTER customers USING customers_pkey; REINDEX TABLE customers;",
  ),
  change(
    "UPDATE customers SET visits = visits + 1; UPDATE orders SET total = extract(epoch FROM now()) WHERE placed_at < now();",
  ),
  change("UPDATE customers SET tenant_id = tenant_id; CREATE RULE r AS ON DELETE TO customers DO INSTEAD NOTHING;"),
  change(`INSERT INTO customers (tenant_id, customer_id, email, visits) VALUES (${anna}, ${anna}, COALESCE(NULL, now()::text), (random() * 4)::int)
    ON CONFLICT (tenant_id, customer_id) DO UPDATE SET email = excluded.email, visits = COALESCE(excluded.visits, 3);`),
  change(`INSERT INTO customers (tenant_id, email) SELECT ${anna}::uuid, (SELECT name FROM countries LIMIT 1);`),
  change("UPDATE customers SET email = n.name FROM countries n WHERE n.code = country AND n.name <> '';"),
  change("DELETE FROM countries WHERE code NOT IN (SELECT country FROM customers WHERE country IS NOT NULL);"),
  change(`SELECT email FROM customers WHERE tenant_id = ${anna} FOR UPDATE; SELECT code FROM countries FOR UPDATE;`),
  change(
    "MERGE INTO customers c USING tenants t ON c.tenant_id = t.tenant_id WHEN MATCHED THEN UPDATE SET visits = 3;",
  ),
  change("CREATE TABLE span_of_jobs (id int PRIMARY KEY, s int4range); SELECT id FROM jobs FOR UPDATE;"),
];
