package tenantry.connect;

import io.debezium.connector.postgresql.PostgresConnectorConfig;
import io.debezium.connector.postgresql.PostgresConnectorTask;
import io.debezium.connector.postgresql.PostgresSchema;
import io.debezium.connector.postgresql.connection.PostgresConnection;
import io.debezium.connector.postgresql.connection.ReplicationConnection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.apache.kafka.connect.source.SourceRecord;

/**
 * Debezium's task, which asks its queue only after something was read. Each question spins for most of a millisecond, and
 * with exactly-once an empty answer makes Connect read its offsets topic: a hundred a second took a fifth of a core.
 * Started again, it sends each of the events that share a place in the log once.
 */
public final class OutboxTask extends PostgresConnectorTask {

    private final Arrivals arrivals = new Arrivals();

    @Override
    protected ReplicationConnection buildReplicationConnection(
            PostgresConnection metadata, PostgresSchema schema, PostgresConnectorConfig config) throws SQLException {
        ReplicationConnection connection = super.buildReplicationConnection(metadata, schema, config);
        Map<String, String> partition = Map.of("server", config.getLogicalName());
        return new PatientConnection(
                connection, arrivals, new Resumption(context.offsetStorageReader().offset(partition)));
    }

    @Override
    public List<SourceRecord> doPoll() throws InterruptedException {
        arrivals.await();
        List<SourceRecord> records = super.doPoll();
        // The queue may hold more than one batch.
        if (!records.isEmpty()) arrivals.signal();
        return records;
    }
}
