package tenantry.connect;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** Tells the task that the reader has read something since it last asked. */
final class Arrivals {

    /** Heartbeats, failures and a stop come without a signal, and wait no longer than this. */
    private static final long PATIENCE_MS = 1_000;

    private final Semaphore arrived = new Semaphore(0);

    /** After the queue has it: what is signalled once is found by the next look into the queue. */
    void signal() {
        if (arrived.availablePermits() == 0) arrived.release();
    }

    /** Until something was read, or patience ends. */
    void await() throws InterruptedException {
        if (arrived.tryAcquire(PATIENCE_MS, TimeUnit.MILLISECONDS)) arrived.drainPermits();
    }
}
