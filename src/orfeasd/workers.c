#include "workers.h"

#include "file.h"
#include "picture_draw.h"
#include "png_write.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MODEL_BYTES_MAX = 256 << 20, WARM_SIDE = 64, NICE = 10 };

struct queue {
    struct work *first, **last;
};

struct workers {
    struct loop *loop;
    const struct store *store;
    struct decoders *decoders; /* or NULL */
    pthread_mutex_t lock;      /* guards waiting, done and stop */
    pthread_cond_t more;
    struct queue waiting, done;
    bool stop;
    atomic_bool cancel;
    atomic_int warm;
    int count;   /* how many there are to be */
    int started; /* how many run: all, once they were created */
    pthread_t threads[];
};

struct runner { /* one thread's own */
    struct workers *workers;
    struct generator *generator;
    struct buf model;
    struct decoder decoder;
    struct step *step; /* the job that is under way */
    int input;         /* its picture's descriptor */
};

static void queue_init(struct queue *q)
{
    q->first = NULL;
    q->last = &q->first;
}

static void queue_add(struct queue *q, struct work *work)
{
    work->next = NULL;
    *q->last = work;
    q->last = &work->next;
}

static struct work *queue_take(struct queue *q)
{
    struct work *work = q->first;
    if (work && !(q->first = work->next))
        q->last = &q->first;
    return work;
}

static nsec thread_cpu(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
}

struct step {
    struct runner *runner;
    struct work *work;
    unsigned ended; /* stages that have their end */
};

static bool on_progress(void *context, enum generator_stage stage, double fraction)
{
    struct step *step = context;
    if (step->ended < (unsigned)stage) {
        nsec now = clock_monotonic();
        while (step->ended < (unsigned)stage)
            step->work->stage_end[step->ended++] = now;
    }
    unsigned permille = fraction <= 0 ? 0 : fraction >= 1 ? 1000 : (unsigned)(fraction * 1000);
    atomic_store_explicit(&step->work->progress, (unsigned)stage << 16 | permille, memory_order_release);
    return !atomic_load_explicit(&step->runner->workers->cancel, memory_order_relaxed) &&
           !atomic_load_explicit(&step->work->cancel, memory_order_relaxed);
}

static bool go_on(void *context)
{
    const struct runner *r = context;
    return on_progress(r->step, STAGE_IMAGE_LOADING, 0);
}

/* In the process: what is mapped here is not even touched. */
static enum generator_error load(void *context, const void *image, size_t len, struct picture *ret, char *why)
{
    static const enum generator_error ERRORS[] = {[DECODER_DONE] = GENERATOR_OK,
                                                  [DECODER_BAD_PICTURE] = GENERATOR_BAD_IMAGE,
                                                  [DECODER_TOO_LARGE] = GENERATOR_TOO_LARGE,
                                                  [DECODER_LOST] = GENERATOR_DECODER,
                                                  [DECODER_STOPPED] = GENERATOR_CANCELLED};
    struct runner *r = context;
    (void)image;
    return ERRORS[decoder_decode(&r->decoder, r->input, len, go_on, r, ret, why)];
}

static void generate(struct runner *r, struct work *work, const void *image, size_t len)
{
    struct step step = {.runner = r, .work = work};
    r->step = &step;
    buf_clear(&r->model);
    work->generator_error =
        generator_run(r->generator, image, len, &work->options, on_progress, &step, &r->model, &work->result);
    if (work->generator_error) {
        work->error = WORK_GENERATOR;
        work->failed_stage = (enum generator_stage)(work->progress >> 16);
        return;
    }
    char path[STORE_PATH_MAX];
    store_model_path(r->workers->store, &work->id, work->options.format, path);
    work->system_error = store_keeps(r->workers->store)
                             ? file_write_synced(path, r->model.bytes, r->model.len)
                             : file_write(path, r->model.bytes, r->model.len);
    if (work->system_error) {
        work->error = WORK_STORAGE;
        work->failed_stage = STAGE_MESH_EXPORT;
    }
    work->model_bytes = (int64_t)r->model.len;
    nsec now = clock_monotonic();
    while (step.ended < GENERATOR_STAGES)
        work->stage_end[step.ended++] = now;
}

static void input_failed(struct work *work)
{
    work->error = WORK_INPUT;
    work->system_error = errno;
    work->failed_stage = STAGE_IMAGE_LOADING;
}

/* The picture is mapped, not read: nobody else writes to our directory, and it needs no buffer of its size.
 */
static void run_work(struct runner *r, struct work *work)
{
    nsec cpu = thread_cpu();
    int fd = store_open_input(r->workers->store, &work->id);
    if (fd < 0)
        errno = -fd;
    struct stat st;
    r->input = fd;
    if (fd < 0 || fstat(fd, &st) < 0) {
        input_failed(work);
    } else {
        void *image = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (image == MAP_FAILED) {
            input_failed(work);
        } else {
            generate(r, work, image, (size_t)st.st_size);
            munmap(image, (size_t)st.st_size);
        }
    }
    if (fd >= 0)
        close(fd);
    work->cpu = thread_cpu() - cpu;
}

static void warm_up(struct runner *r)
{
    struct picture picture;
    struct buf png;
    picture_draw(&picture, WARM_SIDE, 1);
    buf_init(&png, 1 << 20);
    struct generator_options options = {MODEL_STL, 1, 100, 100, 100};
    struct generator_result result;
    if (png_write(&picture, 1, &png))
        generator_run(r->generator, png.bytes, png.len, &options, NULL, NULL, &r->model, &result);
    picture_finish(&picture);
    buf_finish(&png);
}

/* A process that cannot be started now may be later: decoder_decode() tries again with each picture. */
static void start_decoder(struct runner *r)
{
    if (r->workers->decoders && decoder_init(&r->decoder, r->workers->decoders) == 0)
        decoder_start(&r->decoder);
    if (r->workers->decoders)
        generator_set_load(r->generator, load, r);
}

static struct work *next_work(struct workers *w)
{
    pthread_mutex_lock(&w->lock);
    while (!w->stop && !w->waiting.first)
        pthread_cond_wait(&w->more, &w->lock);
    struct work *work = w->stop ? NULL : queue_take(&w->waiting);
    pthread_mutex_unlock(&w->lock);
    return work;
}

static void *run_thread(void *context)
{
    struct runner r = {.workers = context};
    setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
    r.generator = generator_create();
    assert(r.generator);
    buf_init(&r.model, MODEL_BYTES_MAX);
    warm_up(&r);
    start_decoder(&r);
    if (atomic_fetch_add(&r.workers->warm, 1) + 1 == r.workers->count)
        loop_wake(r.workers->loop);
    for (struct work *work; (work = next_work(r.workers));) {
        run_work(&r, work);
        pthread_mutex_lock(&r.workers->lock);
        queue_add(&r.workers->done, work);
        pthread_mutex_unlock(&r.workers->lock);
        loop_wake(r.workers->loop);
    }
    buf_finish(&r.model);
    generator_destroy(r.generator);
    if (r.workers->decoders)
        decoder_finish(&r.decoder);
    return NULL;
}

struct workers *workers_create(struct loop *loop, const struct store *store, struct decoders *decoders,
                               int count)
{
    struct workers *w = calloc(1, sizeof *w + (size_t)count * sizeof w->threads[0]);
    if (!w)
        return NULL;
    w->loop = loop;
    w->store = store;
    w->decoders = decoders;
    queue_init(&w->waiting);
    queue_init(&w->done);
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->more, NULL);
    w->count = count; /* before the first thread, which compares with it */
    while (w->started < count && pthread_create(&w->threads[w->started], NULL, run_thread, w) == 0)
        w->started++;
    if (w->started == count)
        return w;
    workers_destroy(w);
    return NULL;
}

void workers_destroy(struct workers *w)
{
    if (!w)
        return;
    atomic_store(&w->cancel, true);
    pthread_mutex_lock(&w->lock);
    w->stop = true;
    pthread_cond_broadcast(&w->more);
    pthread_mutex_unlock(&w->lock);
    for (int i = 0; i < w->started; i++)
        pthread_join(w->threads[i], NULL);
    pthread_cond_destroy(&w->more);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

int workers_default_count(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores < 1 ? 1 : cores > 256 ? 256 : (int)cores;
}

int workers_count(const struct workers *w)
{
    return w->count;
}

bool workers_warm(struct workers *w)
{
    return atomic_load(&w->warm) == w->count;
}

void workers_push(struct workers *w, struct work *work)
{
    pthread_mutex_lock(&w->lock);
    queue_add(&w->waiting, work);
    pthread_cond_signal(&w->more);
    pthread_mutex_unlock(&w->lock);
}

bool workers_withdraw(struct workers *w, struct work *work)
{
    pthread_mutex_lock(&w->lock);
    struct work **at = &w->waiting.first;
    while (*at && *at != work)
        at = &(*at)->next;
    bool found = *at;
    if (found && !(*at = work->next))
        w->waiting.last = at;
    pthread_mutex_unlock(&w->lock);
    return found;
}

struct work *workers_take_done(struct workers *w)
{
    pthread_mutex_lock(&w->lock);
    struct work *first = w->done.first;
    queue_init(&w->done);
    pthread_mutex_unlock(&w->lock);
    return first;
}
