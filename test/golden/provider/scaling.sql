-- # make the stack
-- if a node of worker_1, worker_2 holds no shards yet:
SELECT citus_rebalance_start()

-- # a third worker: its membership
-- if worker_3 is no member yet:
SELECT citus_add_node('citus-3.shop.svc', 5432)

-- # a third worker on Kubernetes
-- Patroni registers worker_3; in a cluster with data it may hold no shards before its slot is there

-- # a third worker: its shards
-- about 4 of 12 shard groups, 1.2 GiB of 3.6 GiB (as the last run left them), move online from worker_1, worker_2 to worker_3
SELECT citus_rebalance_start()

-- # two workers again: the third's shards
-- about 4 of 12 shard groups, 1.2 GiB of 3.6 GiB (as the last run left them), move online from worker_3 to worker_1, worker_2
SELECT citus_set_node_property(…, 'shouldhaveshards', false) -- of worker_3
SELECT citus_rebalance_start()
-- then every event of worker_3 is read before its connector, slot and membership go

-- # two workers again: the third's membership
-- worker_3, if it was emptied:
SELECT citus_remove_node(HOST, PORT)
