package tenantry.connect;

import io.debezium.connector.postgresql.connection.Lsn;
import io.debezium.connector.postgresql.connection.ReplicationConnection;
import io.debezium.connector.postgresql.connection.ReplicationStream;
import io.debezium.connector.postgresql.connection.WalPositionLocator;
import io.debezium.connector.postgresql.spi.SlotCreationResult;
import java.sql.SQLException;
import java.util.Optional;

/** A connection whose streams are patient. */
final class PatientConnection implements ReplicationConnection {

    private final ReplicationConnection connection;
    private final Arrivals arrivals;
    private final Resumption resumption;

    PatientConnection(ReplicationConnection connection, Arrivals arrivals, Resumption resumption) {
        this.connection = connection;
        this.arrivals = arrivals;
        this.resumption = resumption;
    }

    @Override
    public ReplicationStream startStreaming(WalPositionLocator position) throws SQLException, InterruptedException {
        return new PatientStream(connection.startStreaming(position), arrivals, resumption);
    }

    @Override
    public ReplicationStream startStreaming(Lsn offset, WalPositionLocator position)
            throws SQLException, InterruptedException {
        ReplicationStream stream = connection.startStreaming(offset, resumption.positionOf(position));
        return new PatientStream(stream, arrivals, resumption);
    }

    @Override
    public Optional<SlotCreationResult> createReplicationSlot() throws SQLException {
        return connection.createReplicationSlot();
    }

    @Override
    public void initConnection() throws SQLException, InterruptedException {
        connection.initConnection();
    }

    @Override
    public boolean isConnected() throws SQLException {
        return connection.isConnected();
    }

    @Override
    public void reconnect() throws SQLException {
        connection.reconnect();
    }

    @Override
    public void close() throws Exception {
        connection.close();
    }
}
