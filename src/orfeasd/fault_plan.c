#include "fault_plan.h"

#include "conf.h"
#include "rng.h"

#include <stdlib.h>
#include <string.h>

static const nsec FREEZE_LONGEST = 3600 * NSEC_PER_SEC;
static const double GROWTH_MOST = 10; /* a minute */

/* Streams of random numbers: far from those of the profile, which are the jobs' bare numbers. */
static const uint64_t STREAMS = (uint64_t)0xfa << 56;

/* ---- parts of a spec: what stands there is taken, or why not is returned ---- */

typedef const char *read_function(const char *text, struct fault_spec *ret);

/* Digits and a point, nothing else that strtod() knows. Returns what follows, NULL: no number. */
static const char *take_number(const char *text, double *ret)
{
    size_t len = strspn(text, "0123456789.");
    char *end;
    *ret = strtod(text, &end);
    return len && end == text + len ? end : NULL;
}

/* In per cent; *ret is a part of one. */
static const char *take_percent(const char *text, double *ret)
{
    const char *rest = take_number(text, ret);
    *ret /= 100;
    return rest && *rest == '%' ? rest + 1 : NULL;
}

static const char *read_share(const char *text, struct fault_spec *ret)
{
    const char *rest = take_percent(text, &ret->share);
    if (!rest || *rest)
        return "a share of the jobs is a number and %";
    return ret->share > 0 && ret->share <= 1 ? NULL : "a share is above 0% and at most 100%";
}

static const char *read_growth(const char *text, struct fault_spec *ret)
{
    const char *rest = take_percent(text + (*text == '+'), &ret->growth);
    if (!rest || strcmp(rest, "/min") != 0)
        return "growth is a number and %/min";
    return ret->growth > 0 && ret->growth <= GROWTH_MOST ? NULL : "growth is above 0% and at most 1000%";
}

static const char *read_leak(const char *text, struct fault_spec *ret)
{
    static const struct {
        const char *unit;
        double bytes;
    } UNITS[] = {{"B/job", 1}, {"KiB/job", 1 << 10}, {"MiB/job", 1 << 20}};
    double number;
    const char *rest = take_number(text, &number);
    for (size_t i = 0; rest && i < sizeof UNITS / sizeof UNITS[0]; i++)
        if (strcmp(rest, UNITS[i].unit) == 0) {
            double bytes = number * UNITS[i].bytes;
            if (!(bytes >= 1 && bytes <= FAULT_LEAK_MAX))
                return "a leak is from 1B to 64MiB a job";
            ret->bytes = (int64_t)bytes;
            return NULL;
        }
    return "a leak is a number, B, KiB or MiB, and /job";
}

static const char *read_at(const char *text, struct fault_spec *ret)
{
    if (*text != '@')
        return "the time since the first job stands behind an @";
    return duration_parse(text + 1, strlen(text + 1), &ret->at)
               ? NULL
               : "the time is a number and a unit, as in 90s";
}

static const char *read_freeze(const char *text, struct fault_spec *ret)
{
    size_t len = strcspn(text, "@");
    if (!duration_parse(text, len, &ret->lasts))
        return "how long it lasts is a number and a unit, as in 2s";
    if (ret->lasts <= 0 || ret->lasts > FREEZE_LONGEST)
        return "a freeze lasts longer than 0s and at most 1h";
    return read_at(text + len, ret);
}

/* ---- specs ---- */

static const struct {
    const char *name;
    char separator; /* behind the name; an '@' belongs to what is read */
    read_function *read;
    const char *example;
} KINDS[FAULTS] = {
    [FAULT_ERROR] = {"error", '=', read_share, "error=2%"},
    [FAULT_LEAK] = {"leak", '=', read_leak, "leak=256KiB/job"},
    [FAULT_SLOW] = {"slow", '=', read_growth, "slow=+1%/min"},
    [FAULT_FREEZE] = {"freeze", '=', read_freeze, "freeze=2s@60s"},
    [FAULT_CRASH] = {"crash", '@', read_at, "crash@90s"},
    [FAULT_RESET] = {"reset", '=', read_share, "reset=1%"},
    [FAULT_CORRUPT] = {"corrupt", '=', read_share, "corrupt=1%"},
    [FAULT_STUCK] = {"stuck", '=', read_share, "stuck=1%"},
    [FAULT_LIE] = {"lie", '=', read_share, "lie=1%"},
    [FAULT_REFUSE] = {"refuse", '@', read_at, "refuse@30s"},
};

const char *fault_name(enum fault fault)
{
    return KINDS[fault].name;
}

static int find_kind(const char *text, size_t len)
{
    for (int i = 0; i < FAULTS; i++)
        if (strlen(KINDS[i].name) == len && memcmp(KINDS[i].name, text, len) == 0)
            return i;
    return -1;
}

static void tell_unknown(const char *text, size_t len, const char *where, struct diag_list *diags)
{
    const char *names[FAULTS];
    char word[FAULT_TEXT_MAX + 1], shown[CONF_SHOWN], hint[CONF_HINT];
    memcpy(word, text, len);
    word[len] = '\0';
    for (int i = 0; i < FAULTS; i++)
        names[i] = KINDS[i].name;
    diag_add(diags, "", 0, 0, conf_suggest(word, "faults: ", names, FAULTS, hint), "%s %s: no such fault",
             where, conf_shown(text, shown));
}

static void add_spec(struct fault_plan *plan, const char *text, const char *where, struct diag_list *diags)
{
    size_t len = strcspn(text, "=@");
    int kind = find_kind(text, len);
    if (kind < 0) {
        tell_unknown(text, len, where, diags);
        return;
    }
    struct fault_spec spec = {0};
    char shown[CONF_SHOWN], hint[FAULT_TEXT_MAX + 8] = "as in ";
    const char *rest = text + len, *why = "nothing stands behind the name";
    if (*rest && *rest != KINDS[kind].separator)
        why = KINDS[kind].separator == '=' ? "an = belongs behind the name" : "an @ belongs behind the name";
    else if (*rest)
        why = KINDS[kind].read(rest + (*rest == '='), &spec);
    if (!why && fault_asked(plan, (enum fault)kind))
        why = "this fault stands there twice";
    if (why) {
        diag_add(diags, "", 0, 0, strcat(hint, KINDS[kind].example), "%s %s: %s", where,
                 conf_shown(text, shown), why);
        return;
    }
    strcpy(spec.text, text);
    plan->specs[kind] = spec;
    plan->count++;
}

void fault_plan_add(struct fault_plan *plan, const char *text, const char *where, struct diag_list *diags)
{
    for (;;) {
        char spec[FAULT_TEXT_MAX + 1], shown[CONF_SHOWN];
        size_t len = strcspn(text, ",");
        if (len == 0 || len > FAULT_TEXT_MAX) {
            diag_add(diags, "", 0, 0, NULL, "%s %s: %s", where, conf_shown(text, shown),
                     len ? "too long for a fault" : "a fault is missing");
        } else {
            memcpy(spec, text, len);
            spec[len] = '\0';
            add_spec(plan, spec, where, diags);
        }
        if (!text[len])
            return;
        text += len + 1;
    }
}

/* ---- whom they hit ---- */

bool fault_hits(const struct fault_plan *plan, enum fault fault, uint64_t seed, uint64_t job)
{
    double share = plan->specs[fault].share;
    if (!(share > 0))
        return false;
    struct rng rng;
    rng_init(&rng, seed, (STREAMS | (uint64_t)fault << 48) + job);
    return rng_unit(&rng) < share;
}

double fault_slowdown(const struct fault_plan *plan, nsec since_first, double time_scale)
{
    double minutes = nsec_to_sec(since_first) / 60 * time_scale;
    return 1 + plan->specs[FAULT_SLOW].growth * (minutes > 0 ? minutes : 0);
}
