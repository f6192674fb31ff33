#include "test.h"
#include "finding.h"
#include "metered.h"

enum { JOBS = 60 };

/* A good run: 60 jobs of 82 s, one after the other. */
static void good(struct made *m)
{
    made_init(m, 1, 5000);
    m->plan.load.users = USERS_CLOSED;
    for (int i = 0; i < JOBS; i++)
        made_job(m, 0, i * 83, 82);
    m->record.contact.first = 0;
    m->record.contact.last = m->record.ended;
}

static int find_all(const struct made *m, struct finding found[FINDINGS_MAX])
{
    struct verdict v;
    verdict_judge(&v, &m->plan, &m->record, false);
    int count = finding_find(&m->plan, &m->record, &v, &made_scratch, found);
    verdict_finish(&v);
    return count;
}

/* In `ret`; false: it was not found. */
static bool find_one(const struct made *m, const char *name, struct finding *ret)
{
    struct finding found[FINDINGS_MAX];
    int count = find_all(m, found);
    for (int i = 0; i < count; i++)
        if (strcmp(found[i].name, name) == 0) {
            *ret = found[i];
            return true;
        }
    return false;
}

static bool finds(const struct made *m, const char *name)
{
    struct finding ignored;
    return find_one(m, name, &ignored);
}

static void assert_part(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("'%s' is missing in '%s'", part, text);
}

static void add_probe(struct made *m, double at, double took, bool ok, enum fail_kind fail)
{
    record_add_probe(&m->record, (struct record_probe){made_time(at), made_time(took), ok, fail});
}

static void add_points(struct made *m, const char *name, const char *unit, int count, double first,
                       double last)
{
    struct record_series *s = record_add_series(&m->record, name, unit);
    for (int i = 0; i < count; i++)
        record_add_point(&m->record, s, made_time(5000.0 * i / (count - 1)),
                         first + (last - first) * i / (count - 1));
}

/* ---- a table of records, at both sides of each threshold ---- */

static void nothing(struct made *m)
{
    (void)m;
}

static void known(struct made *m)
{
    m->record.process.pid = 4711;
}

static void gone(struct made *m)
{
    known(m);
    m->record.process.gone = made_time(41);
}

static void refused(struct made *m)
{
    m->record.contact.last = made_time(4990);
    made_failure(m, 0, 4990, FAIL_REFUSED, MADE_UPLOAD, 0.2, "upload: connection refused");
}

static void refused_and_known(struct made *m)
{
    refused(m);
    known(m);
}

static void refused_and_heard(struct made *m)
{
    refused(m);
    m->record.contact.last = made_time(4990.31);
}

static void refused_and_heard_before(struct made *m)
{
    refused(m);
    m->record.contact.last = made_time(4990.29);
}

static void refused_and_healthy(struct made *m)
{
    refused(m);
    add_probe(m, 4990.3, 0.001, true, FAIL_NONE);
}

static void refused_and_scraped(struct made *m)
{
    refused(m);
    m->record.metrics.readable = true;
    m->record.metrics.why = "";
    m->record.metrics.last = made_time(4990.3);
}

static void probe_refused(struct made *m)
{
    add_probe(m, 4995, 0.001, true, FAIL_NONE);
    add_probe(m, 5000, 0.001, false, FAIL_REFUSED);
    m->record.contact.last = made_time(4995);
}

static void restarted(struct made *m)
{
    refused(m);
    m->record.metrics.restarts = 1;
    m->record.metrics.restart = (struct record_span){made_time(4985), made_time(4995)};
}

static void replaced(struct made *m)
{
    gone(m);
    m->record.process.restarts = 1;
}

/* Nine quick probes and one that waited; jobs heard nothing for `silent` seconds of it. */
static void standing(struct made *m, double took, double silent, double lag)
{
    for (int i = 0; i < 9; i++)
        add_probe(m, i, 0.001, true, FAIL_NONE);
    add_probe(m, 10, took, true, FAIL_NONE);
    add_probe(m, 20, 0.001, true, FAIL_NONE);
    m->record.contact.silences[m->record.contact.silence_count++] =
        (struct record_silence){made_time(9.9), made_time(10 + silent), made_time(10)};
    if (lag > 0)
        record_loop_lag(&m->record, made_time(lag));
}

static void frozen(struct made *m)
{
    standing(m, 1.01, 1.01, 0.4);
}

static void frozen_shortly(struct made *m)
{
    standing(m, 0.99, 0.99, 0);
}

static void answered_meanwhile(struct made *m)
{
    standing(m, 3, 0.9, 0);
}

static void stood_still_ourselves(struct made *m)
{
    standing(m, 2, 2, 1.1);
}

/* Probes meet only the end of it, but a job's request waited from `asked` on. */
static void met_by_a_request(struct made *m, double took, double asked)
{
    add_probe(m, 9, 0.001, true, FAIL_NONE);
    add_probe(m, 10, took, true, FAIL_NONE);
    add_probe(m, 11, 0.001, true, FAIL_NONE);
    m->record.contact.silences[m->record.contact.silence_count++] =
        (struct record_silence){made_time(9), made_time(10 + took), made_time(asked)};
}

static void frozen_for_a_request(struct made *m)
{
    met_by_a_request(m, 0.51, 9.48);
}

static void asked_shortly_before(struct made *m)
{
    met_by_a_request(m, 0.51, 9.52);
}

static void hardly_met(struct made *m)
{
    met_by_a_request(m, 0.49, 9.2);
}

static void slow_probes(struct made *m)
{
    for (int i = 0; i < 9; i++)
        add_probe(m, i, 0.1, true, FAIL_NONE);
    standing(m, 1.9, 1.9, 0); /* the median is 0.1 s, or below */
    for (int i = 0; i < 9; i++)
        add_probe(m, 30 + i, 0.1, true, FAIL_NONE);
}

/* A request that waited so long, of jobs that take 0.1 s, or 82; nobody looks after the target's health. */
static void unanswered(struct made *m, double generation, double asked, double silent)
{
    for (int i = 0; i < JOBS; i++)
        m->record.jobs[i]->steps[MADE_WAIT].end =
            m->record.jobs[i]->steps[MADE_SUBMIT].start + made_time(generation);
    m->record.contact.silences[m->record.contact.silence_count++] = (struct record_silence){
        made_time(10), made_time(10 + silent), asked < 0 ? NSEC_NEVER : made_time(asked)};
}

static void unanswered_request(struct made *m)
{
    unanswered(m, 0.1, 9, 2.1);
}

static void unanswered_shortly(struct made *m)
{
    unanswered(m, 0.1, 9, 1.9);
}

static void asked_late(struct made *m)
{
    unanswered(m, 0.01, 10.2, 1.1);
}

static void nothing_asked(struct made *m)
{
    unanswered(m, 0.01, -1, 100);
}

static void long_request(struct made *m)
{
    unanswered(m, 82, 9, 82);
}

static void silent_to_the_end(struct made *m)
{
    add_probe(m, 4990, 0.001, true, FAIL_NONE);
    add_probe(m, 4991, 5, false, FAIL_TIMEOUT);
    m->record.contact.last = made_time(4990);
    m->record.ended = made_time(4996);
}

static void reset_here(struct made *m)
{
    m->record.peer.local = true;
    made_failure(m, 0, 4990, FAIL_RESET, MADE_SUBMIT, 0.2, "submit: connection reset by peer");
}

static void reset_far(struct made *m)
{
    reset_here(m);
    m->record.peer.local = false;
}

static void failed(struct made *m, enum fail_kind kind, int step, const char *message)
{
    made_failure(m, 0, 4990, kind, step, 0.2, message);
}

static void unresolved(struct made *m)
{
    failed(m, FAIL_DNS, MADE_UPLOAD, "upload: no such name");
}

static void unreachable(struct made *m)
{
    failed(m, FAIL_NETWORK, MADE_UPLOAD, "upload: no route to host");
}

static void no_ports(struct made *m)
{
    failed(m, FAIL_LOCAL, MADE_UPLOAD, "upload: cannot assign requested address");
}

static void no_connection(struct made *m)
{
    failed(m, FAIL_CONNECT, MADE_UPLOAD, "upload: no connection in time");
}

static void no_trust(struct made *m)
{
    failed(m, FAIL_TLS, MADE_UPLOAD, "upload: the certificate has expired");
}

static void late(struct made *m)
{
    failed(m, FAIL_FIRST_BYTE, MADE_UPLOAD, "upload: no byte of an answer in time");
}

static void broken(struct made *m)
{
    failed(m, FAIL_BODY, MADE_SUBMIT, "submit: the answer is no JSON");
}

static void job_failed(struct made *m)
{
    failed(m, FAIL_JOB, MADE_WAIT, "wait: the target says the job failed: no");
}

static void refuse(struct made *m, int status, const char *said, const char *server, const char *via)
{
    record_set_peer(&m->record, "gunicorn", "", false);
    record_contact_refused(&m->record.contact, made_time(50), status, said, server, via);
}

static void limited(struct made *m)
{
    refuse(m, 429, "Rate limit exceeded", "gunicorn", "");
}

static void limited_by_proxy(struct made *m)
{
    refuse(m, 429, NULL, "nginx", NULL);
}

static void limited_by_via(struct made *m)
{
    refuse(m, 429, NULL, "gunicorn", "1.1 edge");
}

static void queue_full(struct made *m)
{
    refuse(m, 429, "The queue is full", "gunicorn", NULL);
}

static void unavailable(struct made *m)
{
    refuse(m, 503, "Shutting down", "gunicorn", NULL);
}

/* By a channel that has no statuses. */
static void told_an_error(struct made *m)
{
    failed(m, FAIL_STATUS, MADE_WAIT, "wait: the server refuses: no");
}

static void server_error(struct made *m)
{
    refuse(m, 500, "oops", "gunicorn", NULL);
}

static void gateway_error(struct made *m)
{
    refuse(m, 502, NULL, "nginx", NULL);
}

static void client_error(struct made *m)
{
    refuse(m, 401, "Who are you?", "gunicorn", NULL);
}

static void disk_full(struct made *m)
{
    refuse(m, 507, "No space left", "gunicorn", NULL);
}

static void full_gpu(struct made *m, double used)
{
    struct record_series *total = record_add_series(&m->record, "gpu.0.memory_total", "bytes");
    record_add_point(&m->record, total, made_time(1), 24e9);
    struct record_series *series = record_add_series(&m->record, "gpu.0.memory_used", "bytes");
    record_add_point(&m->record, series, made_time(40), used);
}

static void full_for_gpu(struct made *m)
{
    disk_full(m);
    full_gpu(m, 0.951 * 24e9);
}

static void nearly_full_for_gpu(struct made *m)
{
    disk_full(m);
    full_gpu(m, 0.949 * 24e9);
}

static void memory_out(struct made *m)
{
    failed(m, FAIL_JOB, MADE_WAIT,
           "wait: the target says the job failed: CUDA out of memory. Tried to allocate");
}

/* A job of 300 s that a later one overtook, which ended `before` seconds before its time was up. */
static void overtaken(struct made *m, double before)
{
    struct record_job *j =
        made_failure(m, 0, 4990, FAIL_TIMEOUT, MADE_WAIT, 300, "wait: not done within 5 m");
    j->polls = 300;
    made_job(m, 0, 5290 - before - 82.3, 82);
    m->record.contact.last = made_time(5300);
}

static void stuck(struct made *m)
{
    overtaken(m, 165);
}

static void merely_slow(struct made *m)
{
    overtaken(m, 163);
}

static void stuck_by_told_times(struct made *m)
{
    overtaken(m, 150);
    for (int i = 0; i < m->record.job_count; i++)
        if (m->record.jobs[i]->outcome == JOB_OK)
            m->record.jobs[i]->processing = made_time(80);
}

static void stuck_in_silence(struct made *m)
{
    stuck(m);
    m->record.contact.silences[m->record.contact.silence_count++] =
        (struct record_silence){made_time(5200), made_time(5299), made_time(5200)};
}

static void never_polled(struct made *m)
{
    stuck(m);
    for (int i = 0; i < m->record.job_count; i++)
        m->record.jobs[i]->polls = 0;
}

static void queued_too_long(struct made *m)
{
    made_failure(m, 0, 4990, FAIL_TIMEOUT, MADE_WAIT, 300, "wait: not done within 5 m")->polls = 300;
}

static void invalid_model(struct made *m)
{
    struct record_job *j = made_failure(m, 0, 4990, FAIL_MODEL, MADE_DOWNLOAD, 83, "download: no triangle");
    j->model_checked = true;
}

static void process_rises(struct made *m, double percent)
{
    for (int i = 0; i < JOBS; i++)
        m->record.jobs[i]->processing = made_time(80 * (1 + percent / 100 * i / JOBS));
}

static void slows(struct made *m)
{
    process_rises(m, 14);
}

static void hardly_slows(struct made *m)
{
    process_rises(m, 10);
}

static void slows_under_ramp(struct made *m)
{
    slows(m);
    m->phases[0].ramp = true;
}

/* Paced users whose jobs queue up: what rises is no service time. */
static void queues_up(struct made *m)
{
    m->plan.load.users = USERS_PACED;
    for (int i = 0; i < JOBS; i++)
        m->record.jobs[i]->steps[MADE_WAIT].end += made_time(i);
}

static void leaks(struct made *m)
{
    add_points(m, "target.memory", "bytes", 100, 400 << 20, 450 << 20);
}

static void leaks_in_two_lives(struct made *m)
{
    leaks(m);
    m->record.metrics.restarts = 1;
}

static void leaks_little(struct made *m)
{
    add_points(m, "target.memory", "bytes", 100, 400 << 20, 440 << 20);
}

static void small_heap_grows(struct made *m)
{
    add_points(m, "target.memory", "bytes", 100, 20 << 20, 30 << 20);
}

/* It rises, and then it has all that it needs. */
static void fills_a_cache(struct made *m)
{
    struct record_series *s = record_add_series(&m->record, "target.memory", "bytes");
    for (int i = 0; i < 100; i++)
        record_add_point(&m->record, s, made_time(i * 50), (400 + (i < 60 ? 4 * i : 240)) * 0x1p20);
}

static void gpu_leaks(struct made *m)
{
    add_points(m, "gpu.memory", "MB", 100, 8000, 9500);
}

/* All generations of `seconds`, and a GPU whose usage was `usage`. */
static void all_take(struct made *m, double seconds, double usage)
{
    for (int i = 0; i < JOBS; i++)
        m->record.jobs[i]->steps[MADE_WAIT].end =
            m->record.jobs[i]->steps[MADE_SUBMIT].start + made_time(seconds);
    if (usage >= 0)
        add_points(m, "gpu.usage", "%", 50, usage, usage);
}

static void off_by_21(struct made *m)
{
    all_take(m, 82 * 1.21, -1);
}

static void off_by_19(struct made *m)
{
    all_take(m, 82 * 1.19, 100);
}

static void faster(struct made *m)
{
    all_take(m, 82 * 0.79, 100);
}

static void slow_and_idle(struct made *m)
{
    all_take(m, 110, 30);
}

static void slow_and_half(struct made *m)
{
    all_take(m, 110, 31);
}

static void slow_and_busy(struct made *m)
{
    all_take(m, 110, 90);
}

/* The same jobs, two at a time. */
static void crowded(struct made *m)
{
    slow_and_busy(m);
    for (int i = 0; i < JOBS; i++)
        for (int step = 0; step < MADE_STEPS; step++) {
            m->record.jobs[i]->steps[step].start -= m->record.jobs[i]->sent / 2;
            m->record.jobs[i]->steps[step].end -= m->record.jobs[i]->sent / 2;
        }
    for (int i = 0; i < JOBS; i++) {
        struct record_job *j = m->record.jobs[i];
        j->due = j->sent /= 2;
        j->ended = j->steps[MADE_DOWNLOAD].end;
    }
}

static void slow_and_nearly_busy(struct made *m)
{
    all_take(m, 110, 89);
}

static void cold(struct made *m)
{
    m->record.jobs[0]->steps[MADE_WAIT].end += made_time(50);
}

static void lukewarm(struct made *m)
{
    m->record.jobs[0]->steps[MADE_WAIT].end += made_time(40);
}

static void late_generator(struct made *m)
{
    made_lag(m, 1);
}

static void stolen(struct made *m)
{
    m->record.generator.steal_percent = 5.1;
}

static void hardly_stolen(struct made *m)
{
    m->record.generator.steal_percent = 5;
}

static void unseen(struct made *m, double seconds)
{
    for (int i = 0; i < JOBS; i++)
        m->record.jobs[i]->unseen = made_time(seconds);
}

static void coarse(struct made *m)
{
    unseen(m, 4.2);
}

static void fine(struct made *m)
{
    unseen(m, 4);
}

static void interrupted(struct made *m)
{
    m->record.interrupted = true;
    m->record.jobs[0]->outcome = JOB_UNFINISHED;
}

static void unfinished(struct made *m)
{
    m->record.jobs[0]->outcome = JOB_UNFINISHED;
}

static void odd_states(struct made *m)
{
    record_words_add(&m->record.unknown, "paused", 1);
    m->record.traffic.out_of_order = 1;
    m->record.traffic.contradicted = 2;
}

static void traffic(struct made *m)
{
    m->record.traffic = (struct record_traffic){
        .requests = 9, .resent = 1, .missed = 2, .late = 1, .latest = NSEC_PER_SEC, .backwards = 3};
}

static void skipped(struct made *m)
{
    m->record.generator.skipped = 4;
    m->record.generator.abandoned = 2;
}

static void simulated(struct made *m)
{
    add_points(m, "gpu.memory", "MB", 10, 8000, 8000);
    m->record.series[0].simulated = true;
}

static void bad_probe(struct made *m)
{
    add_probe(m, 1, 0.001, false, FAIL_NONE);
}

static const struct {
    const char *name;
    void (*make)(struct made *m);
    bool found;
    enum culprit culprit;
} rows[] = {
    {"target_crashed", gone, true, CULPRIT_TARGET},
    {"target_crashed", known, false, 0},
    {"target_crashed", refused, true, CULPRIT_TARGET},
    {"target_crashed", probe_refused, true, CULPRIT_TARGET},
    {"target_crashed", refused_and_heard_before, true, CULPRIT_TARGET},
    {"connections_refused", refused, false, 0}, /* it follows */
    {"target_crashed", refused_and_known, false, 0},
    {"target_crashed", refused_and_heard, false, 0},
    {"target_crashed", refused_and_healthy, false, 0},
    {"target_crashed", refused_and_scraped, false, 0},
    {"connections_refused", refused_and_known, true, CULPRIT_TARGET},
    {"connections_refused", refused_and_heard, true, CULPRIT_TARGET},
    {"connections_refused", refused_and_healthy, true, CULPRIT_TARGET},
    {"connections_refused", refused_and_scraped, true, CULPRIT_TARGET},
    {"target_restarted", restarted, true, CULPRIT_TARGET},
    {"target_restarted", replaced, true, CULPRIT_TARGET},
    {"target_crashed", restarted, false, 0},
    {"target_crashed", replaced, false, 0},
    {"connections_refused", restarted, false, 0},
    {"target_frozen", frozen, true, CULPRIT_TARGET},
    {"target_frozen", frozen_shortly, false, 0},
    {"target_frozen", frozen_for_a_request, true, CULPRIT_TARGET},
    {"target_frozen", asked_shortly_before, false, 0},
    {"target_frozen", hardly_met, false, 0},
    {"target_frozen", answered_meanwhile, false, 0},
    {"target_frozen", stood_still_ourselves, false, 0},
    {"target_frozen", slow_probes, false, 0},
    {"target_frozen", unanswered_request, true, CULPRIT_TARGET},
    {"target_frozen", unanswered_shortly, false, 0},
    {"target_frozen", asked_late, false, 0},
    {"target_frozen", nothing_asked, false, 0},
    {"target_frozen", long_request, false, 0},
    {"target_frozen", silent_to_the_end, true, CULPRIT_TARGET},
    {"connections_reset", reset_here, true, CULPRIT_TARGET},
    {"connections_reset", reset_far, true, CULPRIT_NETWORK},
    {"name_unresolved", unresolved, true, CULPRIT_NETWORK},
    {"network_unreachable", unreachable, true, CULPRIT_NETWORK},
    {"local_limit", no_ports, true, CULPRIT_GENERATOR},
    {"connect_timeout", no_connection, true, CULPRIT_NETWORK},
    {"tls_failed", no_trust, true, CULPRIT_TARGET},
    {"answers_late", late, true, CULPRIT_TARGET},
    {"answers_broken", broken, true, CULPRIT_TARGET},
    {"jobs_failed", job_failed, true, CULPRIT_TARGET},
    {"rate_limited", limited, true, CULPRIT_TARGET},
    {"rate_limited", limited_by_proxy, true, CULPRIT_NETWORK},
    {"rate_limited", limited_by_via, true, CULPRIT_NETWORK},
    {"rate_limited", queue_full, false, 0},
    {"queue_full", queue_full, true, CULPRIT_WORKLOAD},
    {"queue_full", limited, false, 0},
    {"target_unavailable", unavailable, true, CULPRIT_TARGET},
    {"target_errors", limited, false, 0},
    {"target_errors", unavailable, false, 0},
    {"target_errors", told_an_error, true, CULPRIT_TARGET},
    {"target_errors", server_error, true, CULPRIT_TARGET},
    {"target_errors", gateway_error, true, CULPRIT_NETWORK},
    {"target_errors", client_error, true, CULPRIT_WORKLOAD},
    {"target_errors", disk_full, true, CULPRIT_TARGET},
    {"gpu_out_of_memory", disk_full, false, 0},
    {"gpu_out_of_memory", full_for_gpu, true, CULPRIT_TARGET},
    {"gpu_out_of_memory", nearly_full_for_gpu, false, 0},
    {"gpu_out_of_memory", memory_out, true, CULPRIT_TARGET},
    {"jobs_failed", memory_out, false, 0},
    {"jobs_stuck", stuck, true, CULPRIT_TARGET},
    {"jobs_stuck", merely_slow, false, 0},
    {"jobs_stuck", stuck_by_told_times, true, CULPRIT_TARGET},
    {"jobs_stuck", stuck_in_silence, false, 0},
    {"jobs_stuck", never_polled, false, 0},
    {"jobs_stuck", queued_too_long, false, 0},
    {"jobs_timed_out", queued_too_long, true, CULPRIT_TARGET},
    {"jobs_timed_out", stuck, false, 0},
    {"models_invalid", invalid_model, true, CULPRIT_TARGET},
    {"target_slowing", slows, true, CULPRIT_TARGET},
    {"target_slowing", hardly_slows, false, 0},
    {"target_slowing", slows_under_ramp, false, 0},
    {"target_slowing", queues_up, false, 0},
    {"memory_grows", leaks, true, CULPRIT_TARGET},
    {"memory_grows", leaks_in_two_lives, false, 0},
    {"memory_grows", leaks_little, false, 0},
    {"memory_grows", small_heap_grows, false, 0},
    {"memory_grows", fills_a_cache, false, 0},
    {"gpu_memory_grows", gpu_leaks, true, CULPRIT_TARGET},
    {"off_baseline", off_by_21, true, CULPRIT_TARGET},
    {"off_baseline", off_by_19, false, 0},
    {"off_baseline", faster, true, CULPRIT_TARGET},
    {"slow_gpu_busy", off_by_19, false, 0},
    {"slow_gpu_busy", faster, false, 0},
    {"slow_gpu_idle", slow_and_idle, true, CULPRIT_TARGET},
    {"off_baseline", slow_and_idle, false, 0},
    {"slow_gpu_idle", slow_and_half, false, 0},
    {"slow_gpu_busy", slow_and_busy, true, CULPRIT_TARGET},
    {"slow_gpu_busy", crowded, true, CULPRIT_WORKLOAD},
    {"slow_gpu_busy", slow_and_nearly_busy, false, 0},
    {"cold_start", cold, true, CULPRIT_TARGET},
    {"cold_start", lukewarm, false, 0},
    {"generator_late", late_generator, true, CULPRIT_GENERATOR},
    {"time_stolen", stolen, true, CULPRIT_GENERATOR},
    {"time_stolen", hardly_stolen, false, 0},
    {"polls_coarse", coarse, true, CULPRIT_SAMPLE},
    {"polls_coarse", fine, false, 0},
    {"run_interrupted", interrupted, true, CULPRIT_GENERATOR},
    {"jobs_unfinished", interrupted, false, 0},
    {"jobs_unfinished", unfinished, true, CULPRIT_SAMPLE},
    {"connections_closed", traffic, true, CULPRIT_TARGET},
    {"ends_untold", traffic, true, CULPRIT_TARGET},
    {"ends_late", traffic, true, CULPRIT_TARGET},
    {"progress_backwards", traffic, true, CULPRIT_TARGET},
    {"states_unknown", odd_states, true, CULPRIT_WORKLOAD},
    {"states_unknown", traffic, false, 0},
    {"states_out_of_order", odd_states, true, CULPRIT_TARGET},
    {"states_out_of_order", traffic, false, 0},
    {"states_contradicted", odd_states, true, CULPRIT_TARGET},
    {"states_contradicted", traffic, false, 0},
    {"starts_skipped", skipped, true, CULPRIT_TARGET},
    {"starts_abandoned", skipped, true, CULPRIT_SAMPLE},
    {"figures_simulated", simulated, true, CULPRIT_SAMPLE},
    {"health_failed", bad_probe, true, CULPRIT_TARGET},
    {"small_sample", nothing, false, 0},
    {"small_sample", unfinished, false, 0}, /* 59 are enough */
};

static void test_each(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT(rows); i++) {
        struct made m;
        struct finding f = {0};
        good(&m);
        rows[i].make(&m);
        bool found = find_one(&m, rows[i].name, &f);
        if (found != rows[i].found)
            fail_msg("row %d, %s: found %d", i, rows[i].name, found);
        if (found && f.culprit != rows[i].culprit)
            fail_msg("row %d, %s: of the %s", i, rows[i].name, culprit_name(f.culprit));
        if (found && (!f.says[0] || !f.evidence[0]))
            fail_msg("row %d, %s: without evidence", i, rows[i].name);
        made_finish(&m);
    }
}

static void test_a_good_run_has_none(void **state)
{
    (void)state;
    struct made m;
    struct finding found[FINDINGS_MAX];
    good(&m);
    int count = find_all(&m, found);
    if (count)
        fail_msg("%s: %s", found[0].name, found[0].evidence);
    made_finish(&m);
}

/* ---- cause and effect ---- */

/* What came at 4990 is the crash's of 4985 and not that of 4996. */
static void test_effects_begin_with_their_cause(void **state)
{
    (void)state;
    static const struct {
        double gone;
        bool follows;
    } times[] = {{4985, true}, {4995.1, true}, {4995.3, false}};
    for (int i = 0; i < COUNT(times); i++) {
        struct made m;
        struct finding f = {0};
        good(&m);
        reset_here(&m); /* ended at 4990.2 */
        known(&m);
        m.record.contact.last = made_time(6000);
        m.record.process.gone = made_time(times[i].gone);
        assert_true(find_one(&m, "target_crashed", &f));
        assert_int_equal(finds(&m, "connections_reset"), !times[i].follows);
        assert_int_equal(strstr(f.evidence, "connection reset by peer") != NULL, times[i].follows);
        made_finish(&m);
    }
}

/* The share of jobs that failed follows from why they failed, which is as grave then. */
static void test_critical_share(void **state)
{
    (void)state;
    for (int failures = 6; failures <= 7; failures++) {
        struct made m;
        struct finding f = {0};
        good(&m);
        limited(&m);
        for (int i = 0; i < failures; i++)
            failed(&m, FAIL_STATUS, MADE_SUBMIT, "submit: status 429");
        assert_false(finds(&m, "error_rate_critical"));
        assert_true(find_one(&m, "rate_limited", &f));
        assert_int_equal(f.severity, failures == 7 ? SEVERITY_CRITICAL : SEVERITY_WARNING);
        made_finish(&m);
    }
}

/* ... from that over which most of them failed. */
static void test_what_most_failed_over(void **state)
{
    (void)state;
    struct made m;
    struct finding f = {0};
    good(&m);
    reset_here(&m);
    for (int i = 0; i < 7; i++)
        job_failed(&m);
    assert_true(find_one(&m, "connections_reset", &f));
    assert_int_equal(f.jobs, 1);
    assert_null(strstr(f.evidence, "hence"));
    assert_true(find_one(&m, "jobs_failed", &f));
    assert_int_equal(f.jobs, 7);
    assert_part(f.evidence, "hence above 10 % of the jobs failed, a critical failure (11.8 %)");
    gone(&m);
    assert_true(find_one(&m, "target_crashed", &f));
    assert_int_equal(f.jobs, 8);
    made_finish(&m);
}

/* A target that died with its GPU full. */
static void test_memory_and_a_crash(void **state)
{
    (void)state;
    struct made m;
    struct finding f = {0};
    good(&m);
    for (int i = 0; i < 3; i++)
        made_job(&m, 0, 4985 + i, 82);
    known(&m);
    m.record.process.gone = made_time(4990);
    full_gpu(&m, 24e9);
    assert_true(find_one(&m, "target_crashed", &f));
    assert_part(f.evidence, "GPU 0's memory was 100 % full at 40.0 s");
    assert_part(f.next, "MAX_CONCURRENT_JOBS of the target below 3,");
    made_finish(&m);
}

static void test_the_worst_first(void **state)
{
    (void)state;
    struct made m;
    struct finding found[FINDINGS_MAX];
    good(&m);
    traffic(&m);
    stolen(&m);
    simulated(&m);
    job_failed(&m);
    int count = find_all(&m, found);
    assert_true(count >= 4);
    assert_string_equal(found[0].name, "jobs_failed");
    for (int i = 1; i < count; i++)
        assert_true(found[i].severity <= found[i - 1].severity);
    made_finish(&m);
}

/* ---- what it advises ---- */

/* Memory ran out for a job at 4990.2, while so many others were under way. */
static void test_how_many_fit(void **state)
{
    (void)state;
    static const struct {
        int others;
        const char *next;
    } cases[] = {{0, "one job alone does not fit"},
                 {1, "MAX_CONCURRENT_JOBS of the target to 1:"},
                 {3, "MAX_CONCURRENT_JOBS of the target to 3:"}};
    for (int i = 0; i < COUNT(cases); i++) {
        struct made m;
        struct finding f = {0};
        good(&m);
        memory_out(&m);
        for (int n = 0; n < cases[i].others; n++)
            made_job(&m, 0, 4985 + n, 82);
        made_job(&m, 0, 4985, 82)->queue = made_time(30); /* it waits for its turn */
        assert_true(find_one(&m, "gpu_out_of_memory", &f));
        assert_part(f.next, cases[i].next);
        made_finish(&m);
    }
}

static void test_evidence(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        void (*make)(struct made *m);
        const char *part;
    } cases[] = {
        {"target_crashed", gone, "the process 4711 was gone at 41.0 s"},
        {"target_crashed", refused, "hence the target refuses connections (1 job since 4990.2 s)"},
        {"target_restarted", restarted, "1 time, its start time changed between 4985.0 s and 4995.0 s"},
        {"connections_refused", refused_and_known, "1 job since 4990.2 s; the process 4711 is there"},
        {"target_frozen", frozen, "for 1.01 s, from 10.0 s to 11.0 s"},
        {"target_frozen", silent_to_the_end, "since 4991.0 s"},
        {"connections_reset", reset_here, "1 job at 4990.2 s, the first: 'submit: connection reset by peer'"},
        {"rate_limited", limited, "1 answer at 50.0 s with status 429: 'Rate limit exceeded'"},
        {"rate_limited", limited_by_proxy, "by a proxy before the target (Server 'nginx'"},
        {"rate_limited", limited_by_via, "by a proxy before the target (Via '1.1 edge'"},
        {"gpu_out_of_memory", full_for_gpu, "GPU 0's memory was 95 % full at 40.0 s"},
        {"jobs_stuck", stuck, "1 job at 5290.0 s timed out"},
        {"memory_grows", leaks, "a completed job"},
        {"slow_gpu_idle", slow_and_idle, "its usage was 30 % in the median"},
        {"off_baseline", off_by_21, "21 % above the baseline of 82.0 s"},
        {"cold_start", cold, "1 first job took up to 50.0 s longer than the warm median of 82.0 s"},
    };
    for (int i = 0; i < COUNT(cases); i++) {
        struct made m;
        struct finding f = {0};
        good(&m);
        cases[i].make(&m);
        assert_true(find_one(&m, cases[i].name, &f));
        assert_part(f.evidence, cases[i].part);
        made_finish(&m);
    }
}

/* ---- the target's metrics ---- */

static void test_metrics(void **state)
{
    (void)state;
    struct metered m;
    struct finding f = {0};
    metered_init(&m, 5);
    struct record_metrics *metrics = &m.made.record.metrics;
    metered_add(&m, "a_total", 0);
    assert_false(finds(&m.made, "metrics_wrong"));
    m.expected[0].moves = true;
    assert_true(find_one(&m.made, "metrics_wrong", &f));
    assert_string_equal(f.evidence, "a_total: stood still at 100 while 5 jobs were completed");
    assert_part(f.next, "look in the target's code");
    metered_add(&m, "b_total", 9);
    m.expected[1].grows = COUNT_COMPLETED;
    assert_true(finds(&m.made, "other_clients"));
    m.made.plan.workflow.families = 60;
    assert_false(finds(&m.made, "metrics_few"));
    m.made.plan.workflow.families = 61;
    assert_true(finds(&m.made, "metrics_few"));
    metrics->mistakes = 1;
    metrics->mistake = "line 2: x";
    assert_true(finds(&m.made, "metrics_malformed"));
    metrics->unkept = 3;
    assert_true(finds(&m.made, "metrics_many"));
    metrics->readable = false;
    metrics->why = "/metrics answered with status 404";
    assert_true(finds(&m.made, "metrics_unreadable"));
    m.made.plan.workflow.metric_count = 0;
    m.made.plan.workflow.families = 0; /* nobody asked for them */
    assert_false(finds(&m.made, "metrics_unreadable"));
    made_finish(&m.made);
}

/* ---- what the documents say ---- */

static void test_each_is_documented(void **state)
{
    (void)state;
    char path[1000], text[100000];
    snprintf(path, sizeof path, "%s/docs/findings.md", getenv("ORFEAS_SOURCE"));
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    for (int i = 0; finding_name(i); i++) {
        char row[100];
        snprintf(row, sizeof row, "\n| `%s` |", finding_name(i));
        assert_part(text, row);
    }
    assert_null(finding_name(-1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each),
        cmocka_unit_test(test_a_good_run_has_none),
        cmocka_unit_test(test_effects_begin_with_their_cause),
        cmocka_unit_test(test_critical_share),
        cmocka_unit_test(test_what_most_failed_over),
        cmocka_unit_test(test_memory_and_a_crash),
        cmocka_unit_test(test_the_worst_first),
        cmocka_unit_test(test_how_many_fit),
        cmocka_unit_test(test_evidence),
        cmocka_unit_test(test_metrics),
        cmocka_unit_test(test_each_is_documented),
    };
    return cmocka_run_group_tests(tests, made_arena, made_arena_free);
}
