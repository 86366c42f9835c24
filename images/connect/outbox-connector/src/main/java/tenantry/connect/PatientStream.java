package tenantry.connect;

import io.debezium.connector.postgresql.connection.Lsn;
import io.debezium.connector.postgresql.connection.ReplicationStream;
import java.sql.SQLException;
import java.util.concurrent.ExecutorService;

/** A stream that looks at the log less often the longer nothing comes, and signals what it has read. */
final class PatientStream implements ReplicationStream {

    /** Debezium's own pause comes after as many, and events that come closer than they take shall not wait for ours. */
    private static final int LOOKS_BEFORE_PAUSE = 5;

    /** Reached after more than a second without an event, and the most that it adds to the latency of the next. */
    private static final int LONGEST_PAUSE_MS = 50;

    private final ReplicationStream stream;
    private final Arrivals arrivals;
    private final Resumption resumption;
    private int looksInVain;

    PatientStream(ReplicationStream stream, Arrivals arrivals, Resumption resumption) {
        this.stream = stream;
        this.arrivals = arrivals;
        this.resumption = resumption;
    }

    /** Each look in vain makes the next pause a millisecond longer, so that it stays far below the time since the last event. */
    @Override
    public boolean readPending(ReplicationMessageProcessor processor) throws SQLException, InterruptedException {
        if (stream.readPending(seenBy(processor))) {
            looksInVain = 0;
            arrivals.signal();
            return true;
        }
        looksInVain = Math.min(looksInVain + 1, LOOKS_BEFORE_PAUSE + LONGEST_PAUSE_MS);
        Thread.sleep(Math.max(0, looksInVain - LOOKS_BEFORE_PAUSE));
        return false;
    }

    @Override
    public void read(ReplicationMessageProcessor processor) throws SQLException, InterruptedException {
        stream.read(seenBy(processor));
        arrivals.signal();
    }

    private ReplicationMessageProcessor seenBy(ReplicationMessageProcessor processor) {
        return message -> {
            resumption.see(stream.lastReceivedLsn(), message);
            processor.process(message);
        };
    }

    @Override
    public void flushLsn(Lsn lsn) throws SQLException {
        stream.flushLsn(lsn);
    }

    @Override
    public Lsn lastReceivedLsn() {
        return stream.lastReceivedLsn();
    }

    @Override
    public Lsn startLsn() {
        return stream.startLsn();
    }

    @Override
    public void startKeepAlive(ExecutorService service) {
        stream.startKeepAlive(service);
    }

    @Override
    public void stopKeepAlive() {
        stream.stopKeepAlive();
    }

    @Override
    public void close() throws Exception {
        stream.close();
    }
}
