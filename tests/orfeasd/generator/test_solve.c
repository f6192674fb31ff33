/* poisson and multigrid: the exact solutions, and convergence on masks of every kind. */
#include "test.h"
#include "multigrid.h"
#include "poisson.h"
#include "shapes.h"

#include <stdlib.h>

struct solution {
    struct arena arena;
    float *alpha;
    struct poisson poisson;
    struct multigrid multigrid;
    int cycles;
};

static void solve(struct solution *s, const struct shape_case *c, float lambda, double tolerance)
{
    arena_init(&s->arena, "test", (size_t)1 << 30);
    s->alpha = shape_alpha(c);
    poisson_init(&s->poisson, &s->arena, c->w, c->h, s->alpha, CONTOUR_LINEAR, lambda);
    multigrid_init(&s->multigrid, &s->arena, &s->poisson);
    for (s->cycles = 0; s->cycles < 30 && multigrid_residual(&s->multigrid) > tolerance; s->cycles++)
        multigrid_cycle(&s->multigrid);
}

static void finish(struct solution *s)
{
    arena_finish(&s->arena);
    free(s->alpha);
}

static void test_converges(void **state)
{
    (void)state;
    static const struct shape_case cases[] = {
        {"disk 64", SHAPE_DISK, 64, 64},
        {"disk 128", SHAPE_DISK, 128, 128},
        {"disk 516", SHAPE_DISK, 516, 516},
        {"ring", SHAPE_RING, 200, 200},
        {"noise", SHAPE_NOISE, 200, 200},
        {"lines", SHAPE_LINES, 200, 200},
        {"ellipse", SHAPE_ELLIPSE, 150, 150},
        {"strip", SHAPE_STRIP, 700, 30},
        {"dot", SHAPE_DOT, 9, 9},
        {"large dot", SHAPE_DOT, 131, 131},
        {"corner", SHAPE_CORNER, 40, 40},
        {"tall lines", SHAPE_LINES, 9, 900},
    };
    for (int i = 0; i < COUNT(cases); i++) {
        struct solution s;
        solve(&s, &cases[i], 0, 1e-3);
        if (s.cycles > 10)
            fail_msg("%s: residual %g after %d cycles", cases[i].name, multigrid_residual(&s.multigrid),
                     s.cycles);
        for (int k = 0; k < cases[i].w * cases[i].h; k++) {
            float u = multigrid_solution(&s.multigrid)[k];
            assert_true(isfinite(u));
            assert_true((s.alpha[k] > CONTOUR_ISO) == (u != 0));
        }
        finish(&s);
    }
}

/* The residual that a cycle returns is an upper bound of what is left after it. */
static void test_cycle_tells_the_residual(void **state)
{
    (void)state;
    struct solution s;
    solve(&s, &(struct shape_case){"ring", SHAPE_RING, 120, 120}, 0, 2);
    for (int cycle = 0; cycle < 5; cycle++) {
        double told = multigrid_cycle(&s.multigrid);
        assert_true(multigrid_residual(&s.multigrid) < told);
    }
    finish(&s);
}

/* u = R^2 - r^2: the largest error in units of R^2. */
static void test_disk(void **state)
{
    (void)state;
    static const struct {
        int side;
        double error;
    } rows[] = {{64, 4e-3}, {128, 2e-3}, {256, 1e-3}};
    for (int i = 0; i < COUNT(rows); i++) {
        struct shape_case c = {"disk", SHAPE_DISK, rows[i].side, rows[i].side};
        struct solution s;
        solve(&s, &c, 0, 5e-5);
        double squared = pow(shape_radius(c.h), 2), worst = 0;
        for (int k = 0; k < c.w * c.h; k++) {
            double x = k % c.w - (c.w - 1) / 2.0, y = k / c.w - (c.h - 1) / 2.0;
            if (s.alpha[k] > CONTOUR_ISO)
                worst = fmax(worst,
                             fabs(multigrid_solution(&s.multigrid)[k] - (squared - x * x - y * y)) / squared);
        }
        print_message("disk %d: error %g\n", rows[i].side, worst);
        if (worst > rows[i].error)
            fail_msg("disk %d: error %g", rows[i].side, worst);
        finish(&s);
    }
}

static double middle_depth(const struct solution *s, const struct shape_case *c)
{
    return sqrt((double)multigrid_solution(&s->multigrid)[c->h / 2 * c->w + c->w / 2]);
}

static void test_depths(void **state)
{
    (void)state;
    double a = shape_radius(257), b = a / 2, half = 10.3;
    const struct {
        struct shape_case shape;
        float lambda;
        double depth;
    } rows[] = {
        {{"ellipse", SHAPE_ELLIPSE, 257, 257}, 0, sqrt(2 * a * a * b * b / (a * a + b * b))},
        {{"strip", SHAPE_STRIP, 401, 31}, 0, sqrt(2) * half},
        {{"disk", SHAPE_DISK, 257, 257}, 0, a},
        {{"capped disk", SHAPE_DISK, 257, 257}, 4 / 400.0f, 20},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct solution s;
        solve(&s, &rows[i].shape, rows[i].lambda, 5e-5);
        double depth = middle_depth(&s, &rows[i].shape);
        if (fabs(depth / rows[i].depth - 1) > 5e-3)
            fail_msg("%s: depth %g, not %g", rows[i].shape.name, depth, rows[i].depth);
        finish(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_converges),
        cmocka_unit_test(test_cycle_tells_the_residual),
        cmocka_unit_test(test_disk),
        cmocka_unit_test(test_depths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
