#include "interrupt.h"

#include <errno.h>
#include <signal.h>

static atomic_bool interrupted;
static atomic_bool stops_at_once;
static atomic_int first_signal;
static _Atomic nsec first_time;
static _Atomic(struct engine *) engine;

/* timeout(1) and some shells send the same signal twice, to the process and to its group: that is no second
 * wish. */
#define ONE_WISH (300 * NSEC_PER_MSEC)

static void on_signal(int number)
{
    int saved = errno;
    struct engine *e = atomic_load(&engine);
    bool again = atomic_exchange(&interrupted, true);
    if (!again) {
        atomic_store(&first_signal, number);
        atomic_store(&first_time, clock_monotonic());
    } else if (clock_monotonic() - atomic_load(&first_time) < ONE_WISH) {
        return;
    }
    if (e && (again || atomic_load(&stops_at_once)))
        engine_stop(e);
    else if (e)
        engine_drain(e);
    errno = saved;
}

void interrupt_install(enum interrupt_first first)
{
    atomic_store(&stops_at_once, first == INTERRUPT_STOPS);
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
}

void interrupt_attach(struct engine *e)
{
    atomic_store(&engine, e);
    if (e && atomic_load(&interrupted)) /* it came while nobody was attached */
        (atomic_load(&stops_at_once) ? engine_stop : engine_drain)(e);
}

const atomic_bool *interrupt_flag(void)
{
    return &interrupted;
}

int interrupt_signal(void)
{
    return atomic_load(&first_signal);
}
