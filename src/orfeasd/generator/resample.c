#include "resample.h"

#include <math.h>
#include <string.h>

/* The pixels under [low, high), each with the share of the cell that it covers. */
static void add_box(struct resample_axis *axis, int node, double low, double high)
{
    double cell = high - low;
    int from = (int)fmax(0, floor(low)), to = (int)fmin(axis->pixels, ceil(high));
    float *weight = axis->weight + (ptrdiff_t)node * axis->taps;
    axis->first[node] = from;
    for (int p = from; p < to && axis->count[node] < axis->taps; p++) {
        double shared = fmin(high, p + 1) - fmax(low, p);
        weight[axis->count[node]++] = (float)(fmax(0, shared) / cell);
    }
}

static void add_tent(struct resample_axis *axis, int node, double centre)
{
    double low = floor(centre - 0.5);
    float fraction = (float)(centre - 0.5 - low);
    float *weight = axis->weight + (ptrdiff_t)node * axis->taps;
    if (low >= 0 && low < axis->pixels) {
        axis->first[node] = (int)low;
        weight[axis->count[node]++] = 1 - fraction;
    }
    if (low + 1 >= 0 && low + 1 < axis->pixels) {
        if (!axis->count[node])
            axis->first[node] = (int)low + 1;
        weight[axis->count[node]++] = fraction;
    }
}

void resample_axis_init(struct resample_axis *axis, struct arena *arena, int pixels, int nodes, double cell,
                        double origin)
{
    *axis = (struct resample_axis){.nodes = nodes, .pixels = pixels, .taps = (int)ceil(cell) + 1};
    axis->first = arena_new(arena, int, nodes);
    axis->count = arena_new(arena, int, nodes);
    axis->weight = arena_new(arena, float, (size_t)nodes * axis->taps);
    for (int i = 0; i < nodes; i++) {
        double centre = (i - origin) * cell;
        if (cell >= 1)
            add_box(axis, i, centre - cell / 2, centre + cell / 2);
        else
            add_tent(axis, i, centre);
    }
}

static void add_alpha_row(float *column, const uint8_t *row, int width, float weight, bool step)
{
    if (step)
        for (int p = 0; p < width; p++)
            column[p] += row[4 * p + 3] >= 128 ? 255 * weight : 0;
    else
        for (int p = 0; p < width; p++)
            column[p] += weight * (float)row[4 * p + 3];
}

void resample_alpha(const struct resample_axis *x, const struct resample_axis *y, struct arena *arena,
                    const struct picture *picture, bool step, float *out)
{
    int width = picture->width;
    float *column = arena_new(arena, float, width);
    for (int j = 0; j < y->nodes; j++, out += x->nodes) {
        memset(column, 0, sizeof *column * width);
        for (int k = 0; k < y->count[j]; k++)
            add_alpha_row(column, picture->rgba + (size_t)(y->first[j] + k) * width * 4, width,
                          y->weight[j * y->taps + k], step);
        for (int i = 0; i < x->nodes; i++) {
            const float *from = column + x->first[i], *weight = x->weight + (ptrdiff_t)i * x->taps;
            float sum = 0;
            for (int k = 0; k < x->count[i]; k++)
                sum += weight[k] * from[k];
            out[i] = sum / 255; /* last, so that half an opaque pixel is 1/2 exactly */
        }
    }
}

/* One row of pixels, times `weight`, onto four sums a column. */
static void add_row(float *column, const uint8_t *row, int width, float weight)
{
    for (int p = 0; p < width; p++) {
        float alpha = weight * (float)row[4 * p + 3];
        column[4 * p] += alpha * (float)row[4 * p];
        column[4 * p + 1] += alpha * (float)row[4 * p + 1];
        column[4 * p + 2] += alpha * (float)row[4 * p + 2];
        column[4 * p + 3] += alpha;
    }
}

void resample_colour_row(const struct resample_axis *x, const struct resample_axis *y, int j,
                         const struct picture *picture, float *column, float (*out)[4])
{
    int width = picture->width;
    memset(column, 0, sizeof *column * 4 * width);
    for (int k = 0; k < y->count[j]; k++)
        add_row(column, picture->rgba + (size_t)(y->first[j] + k) * width * 4, width,
                y->weight[j * y->taps + k] / 255);
    for (int i = 0; i < x->nodes; i++) {
        const float *from = column + 4 * (ptrdiff_t)x->first[i], *weight = x->weight + (ptrdiff_t)i * x->taps;
        float sum[4] = {0};
        for (int k = 0; k < x->count[i]; k++)
            for (int c = 0; c < 4; c++)
                sum[c] += weight[k] * from[4 * k + c];
        memcpy(out[i], sum, sizeof sum);
    }
}
