/** The common name that `pg_ident` maps to every role: whoever holds this key is a node of the cluster. */
export const nodeCommonName = "citus-node";
