#include "job_metrics.h"

#include "families.h"

#include <stdio.h>

static const char TYPE[] = "generate_3d"; /* of the kinds of generation that this API knows, ours */

enum { QUALITY_TEXT = 8 };

/* Of failures that are none of the generator. */
static const char *const REASONS[] = {"input_unreadable", "storage_failed", "interrupted"};

static void show_reason(struct backend *b, const char *reason)
{
    const char *failed[] = {TYPE, reason};
    metrics_series(b->metrics, F_GENERATION_FAILURES, &reason);
    metrics_series(b->metrics, F_GENERATIONS_FAILED, failed);
    for (int stage = 0; stage < GENERATOR_STAGES; stage++) {
        const char *labels[] = {generator_stage_name((enum generator_stage)stage), reason};
        metrics_series(b->metrics, F_STAGE_ERRORS, labels);
    }
}

void job_metrics_init(struct backend *b)
{
    const char *type = TYPE;
    metrics_series(b->metrics, F_GENERATIONS_SUCCESSFUL, &type);
    for (int error = GENERATOR_OK + 1; error <= GENERATOR_DECODER; error++)
        show_reason(b, generator_error_name((enum generator_error)error));
    for (size_t i = 0; i < sizeof REASONS / sizeof REASONS[0]; i++)
        show_reason(b, REASONS[i]);
    if (fault_asked(&b->settings->faults, FAULT_ERROR))
        show_reason(b, "injected");
}

void job_metrics_started(struct backend *b, const struct job *job)
{
    metric_observe(metrics_series(b->metrics, F_QUEUE_WAIT, NULL),
                   nsec_to_sec(job->started - job->submitted));
    metric_add(metrics_series(b->metrics, F_WORK_UNDER_WAY, NULL), 1);
}

static void count_result(struct backend *b, const struct job *job)
{
    const struct generator_result *result = &job->work.result;
    const char *format = model_format_name(job->work.options.format);
    const char *stage = generator_stage_name(STAGE_IMAGE_PREPROCESSING);
    metric_add(metrics_series(b->metrics, F_SEGMENTATIONS, &result->segmentation), 1);
    metric_observe(metrics_series(b->metrics, F_SEGMENTATION_CONFIDENCE, &stage), result->confidence);
    metric_observe(metrics_series(b->metrics, F_TRIANGLES, &format), result->triangles);
}

void job_metrics_worked(struct backend *b, const struct job *job)
{
    metric_add(metrics_series(b->metrics, F_WORK_UNDER_WAY, NULL), -1);
    metric_add(metrics_series(b->metrics, F_GENERATION_CPU, NULL), nsec_to_sec(job->work.cpu));
    if (job->cancelled) /* what it would have taken is not known */
        return;
    metric_observe(metrics_series(b->metrics, F_WORK_DURATION, NULL),
                   nsec_to_sec(loop_now(b->loop) - job->started));
    if (job->work.error == WORK_OK)
        count_result(b, job);
}

static void count_failure(struct backend *b, const struct job *job)
{
    const char *labels[] = {generator_stage_name(job->work.failed_stage), job->error_kind};
    const char *failed[] = {TYPE, job->error_kind};
    metric_add(metrics_series(b->metrics, F_GENERATION_FAILURES, &job->error_kind), 1);
    metric_add(metrics_series(b->metrics, F_GENERATIONS_FAILED, failed), 1);
    if (job->started) /* else it was in no stage */
        metric_add(metrics_series(b->metrics, F_STAGE_ERRORS, labels), 1);
}

static const char *quality_text(const struct job *job, char out[QUALITY_TEXT])
{
    snprintf(out, QUALITY_TEXT, "%d", job->work.options.quality);
    return out;
}

static void count_success(struct backend *b, const struct job *job)
{
    char quality[QUALITY_TEXT];
    const char *type = TYPE;
    const char *labels[] = {model_format_name(job->work.options.format), quality_text(job, quality)};
    double seconds = nsec_to_sec(job->finished - job->started);
    metric_add(metrics_series(b->metrics, F_GENERATIONS_SUCCESSFUL, &type), 1);
    metric_observe(metrics_series(b->metrics, F_GENERATION_DURATION, labels), seconds);
    metric_observe(metrics_series(b->metrics, F_MODEL_DURATION, labels), seconds);
    metric_observe(metrics_series(b->metrics, F_FILE_BYTES, labels), (double)job->model_bytes);
    struct job_stages stages;
    job_stages(job, b->profile, job->finished, &stages);
    for (int i = 0; i < stages.count; i++)
        metric_observe(metrics_series(b->metrics, F_STAGE_DURATION, &stages.ended[i].name),
                       nsec_to_sec(stages.ended[i].lasted));
}

struct metric_series *job_metrics_generations(struct backend *b, const struct job *job)
{
    char quality[QUALITY_TEXT];
    const char *labels[] = {model_format_name(job->work.options.format), quality_text(job, quality),
                            job_state_name(job->state)};
    return metrics_series(b->metrics, F_GENERATIONS, labels);
}

void job_metrics_ended(struct backend *b, const struct job *job)
{
    metric_add(job_metrics_generations(b, job), 1);
    if (job->state == JOB_FAILED)
        count_failure(b, job);
    else if (job->state == JOB_COMPLETED)
        count_success(b, job);
}
