#include "deadline.h"

#include "container.h"

static bool is_empty(const struct deadlines *q)
{
    return q->ring.next == &q->ring;
}

static void on_timer(struct timer *timer)
{
    struct deadlines *q = CONTAINER(struct deadlines, timer, timer);
    nsec now = timer->node.due;
    while (!is_empty(q) && q->ring.next->due <= now) {
        struct deadline *d = q->ring.next;
        deadline_unset(d);
        q->strike(d);
    }
    if (!is_empty(q) && !timer_armed(timer))
        timer_set(q->loop, timer, q->ring.next->due);
}

void deadlines_init(struct deadlines *q, struct loop *loop, nsec after, void (*strike)(struct deadline *d))
{
    *q = (struct deadlines){.loop = loop, .after = after, .strike = strike, .timer.fire = on_timer};
    q->ring.next = q->ring.prev = &q->ring;
}

void deadlines_finish(struct deadlines *q)
{
    timer_cancel(q->loop, &q->timer);
    while (!is_empty(q))
        deadline_unset(q->ring.next);
}

void deadline_set(struct deadlines *q, struct deadline *d, nsec now)
{
    deadline_unset(d);
    if (!q->after)
        return;
    d->due = now + q->after;
    d->prev = q->ring.prev;
    d->next = &q->ring;
    d->prev->next = d;
    q->ring.prev = d;
    if (!timer_armed(&q->timer)) /* within a strike others may be due before this one */
        timer_set(q->loop, &q->timer, q->ring.next->due);
}

void deadline_unset(struct deadline *d)
{
    if (!d->next)
        return;
    d->prev->next = d->next;
    d->next->prev = d->prev;
    d->next = d->prev = NULL;
}
