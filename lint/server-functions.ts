/** Functions that reach files, other servers, other sessions or the replication stream. */
const reaching: ReadonlySet<string> = new Set([
  "pg_read_file",
  "pg_read_binary_file",
  "pg_ls_dir",
  "pg_stat_file",
  "pg_file_write",
  "lo_import",
  "lo_export",
  "pg_terminate_backend",
  "pg_cancel_backend",
  "pg_reload_conf",
  "pg_rotate_logfile",
  "pg_promote",
  "pg_switch_wal",
  "pg_logical_emit_message",
  "pg_create_logical_replication_slot",
  "pg_create_physical_replication_slot",
  "pg_copy_logical_replication_slot",
  "pg_drop_replication_slot",
  "pg_replication_slot_advance",
  "pg_logical_slot_get_changes",
  "pg_logical_slot_peek_changes",
  "pg_replication_origin_session_setup",
  "run_command_on_workers",
  "run_command_on_shards",
  "run_command_on_placements",
  "run_command_on_all_nodes",
  "undistribute_table",
  "citus_remove_node",
]);

export function isServerFunction(name: string): boolean {
  return reaching.has(name) || /^dblink|^pg_ls_/.test(name);
}
