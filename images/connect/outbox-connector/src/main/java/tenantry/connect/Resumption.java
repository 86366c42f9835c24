package tenantry.connect;

import io.debezium.connector.postgresql.connection.Lsn;
import io.debezium.connector.postgresql.connection.ReplicationMessage;
import io.debezium.connector.postgresql.connection.WalPositionLocator;
import java.util.Map;

/**
 * Goes on among events that share their place in the log, as those of one COPY do, behind those that were sent. Debezium
 * 3.7 stores how many that are, but passes over the others if it is one, and counts the transaction's begin if it lies there.
 */
final class Resumption {

    private final Lsn place;
    private final long sent;
    private WalPositionLocator searched;
    private boolean isMet;
    private Filter filter;

    /** @param offset as Debezium stores it; null if nothing was sent */
    Resumption(Map<String, Object> offset) {
        boolean isWithin = offset != null
                && "INSERT".equals(offset.get("messageType"))
                && offset.get("lsn_proc") instanceof Number
                && offset.get("lsn_events_processed") instanceof Number;
        place = isWithin ? Lsn.valueOf(((Number) offset.get("lsn_proc")).longValue()) : null;
        sent = isWithin ? ((Number) offset.get("lsn_events_processed")).longValue() : 0;
    }

    /** The first stream looks for the place, the second one, of the same position, starts there. */
    WalPositionLocator positionOf(WalPositionLocator position) {
        if (place == null || !place.equals(position.getLastEventStoredLsn())) return position;
        if (searched == null) searched = position;
        else if (position == searched && isMet) return filter = new Filter(position);
        return position;
    }

    /** Each message that was not skipped, before Debezium processes it. */
    void see(Lsn lsn, ReplicationMessage message) {
        if (place == null || !place.equals(lsn)) return;
        boolean isEvent = message.getOperation() == ReplicationMessage.Operation.INSERT;
        if (filter == null) isMet |= isEvent;
        else if (!isEvent) filter.met--;
    }

    private final class Filter extends WalPositionLocator {

        private long met;
        private boolean isBehind;

        Filter(WalPositionLocator position) {
            super(position.getLastCommitStoredLsn(), place, ReplicationMessage.Operation.INSERT, sent);
        }

        /** Asked for begins and commits too, which are processed whatever the answer. */
        @Override
        public boolean skipMessage(Lsn lsn) {
            if (isBehind || !lsn.isValid()) return false;
            boolean isThere = place.equals(lsn);
            if (isThere) met++;
            isBehind = isThere ? met > sent : met > 0;
            return !isBehind;
        }
    }
}
