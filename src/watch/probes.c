#include "probes.h"

#include "container.h"
#include "tick.h"

#define PROBE_TIMEOUT (5 * NSEC_PER_SEC)

static void log_probe(struct probes *p, nsec at, nsec took, bool ok, enum fail_kind fail)
{
    record_add_probe(p->config.log, (struct record_probe){.at = at, .took = took, .ok = ok, .fail = fail});
}

static void on_probed(struct fetch *f)
{
    struct probe *p = CONTAINER(struct probe, fetch, f);
    p->busy = false;
    log_probe(p->probes, p->at, f->exchange.ended - p->at, fetch_ok(f), f->exchange.fail);
}

static struct probe *free_probe(struct probes *p)
{
    for (int i = 0; i < PROBES; i++)
        if (!p->items[i].busy)
            return &p->items[i];
    return NULL;
}

static void on_timer(struct timer *timer)
{
    struct probes *p = CONTAINER(struct probes, timer, timer);
    const struct probes_config *c = &p->config;
    tick_next(c->loop, timer, c->every);
    struct probe *probe = free_probe(p);
    if (!probe) {
        log_probe(p, loop_now(c->loop), 0, false, FAIL_TIMEOUT);
        return;
    }
    probe->busy = true;
    probe->at = loop_now(c->loop);
    fetch_start(&probe->fetch, c->pool, c->target, c->path, PROBE_TIMEOUT);
}

void probes_init(struct probes *p, const struct probes_config *config)
{
    *p = (struct probes){.config = *config, .timer.fire = on_timer};
    for (int i = 0; i < PROBES; i++) {
        fetch_init(&p->items[i].fetch, on_probed, 64 << 10);
        p->items[i].probes = p;
    }
}

void probes_finish(struct probes *p)
{
    for (int i = 0; i < PROBES; i++)
        fetch_finish(&p->items[i].fetch);
}

void probes_start(struct probes *p)
{
    if (p->config.path[0])
        timer_set(p->config.loop, &p->timer, loop_now(p->config.loop));
}

void probes_stop(struct probes *p)
{
    timer_cancel(p->config.loop, &p->timer);
}
