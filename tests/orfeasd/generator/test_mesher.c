/* mesher: closed, of the right genus, outwards, of the right size, whatever the mask. */
#include "test.h"
#include "mesher.h"
#include "multigrid.h"
#include "poisson.h"
#include "shapes.h"
#include "topology.h"

#include <stdlib.h>

static float *make(struct mesher_shape *s, struct arena *arena, const struct shape_case *c)
{
    struct poisson poisson;
    struct multigrid multigrid;
    float *alpha = shape_alpha(c);
    arena_init(arena, "test", (size_t)1 << 30);
    poisson_init(&poisson, arena, c->w, c->h, alpha, CONTOUR_LINEAR, 0);
    multigrid_init(&multigrid, arena, &poisson);
    for (int i = 0; i < 10; i++)
        multigrid_cycle(&multigrid);
    const struct mesher_grid grid = {c->w, c->h, alpha, CONTOUR_LINEAR, multigrid_solution(&multigrid)};
    mesher_build(s, arena, &grid);
    mesher_add_normals(s, arena, &grid);
    return alpha;
}

/* Of length 1, the front's to the viewer, the contour's in the plane and away from the node inside. */
static void check_normals(const struct mesher_shape *s, int w)
{
    for (int v = 0; v < s->mesh.vertex_count; v++) {
        struct vec3 p = s->mesh.position[v], n = s->mesh.normal[v];
        float x = p.x - (float)(s->node[v] % w), y = p.y + (float)(s->node[v] / w);
        assert_near(sqrt(n.x * n.x + n.y * n.y + n.z * n.z), 1, 1e-5);
        assert_true(v >= 2 * s->inside ? n.z == 0 && n.x * x + n.y * y > 0 : (v < s->inside) == (n.z > 0));
    }
}

static void test_closed(void **state)
{
    (void)state;
    static const struct {
        struct shape_case shape;
        int euler; /* -1: only as expected from the mask */
    } rows[] = {
        {{"disk", SHAPE_DISK, 128, 128}, 2},    {{"ring", SHAPE_RING, 128, 128}, 0},
        {{"noise", SHAPE_NOISE, 200, 200}, -1}, {{"lines", SHAPE_LINES, 150, 150}, -1},
        {{"dot", SHAPE_DOT, 9, 9}, 2},          {{"corner", SHAPE_CORNER, 24, 24}, -1},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct arena arena;
        struct mesher_shape s;
        float *alpha = make(&s, &arena, &rows[i].shape);
        struct topology found = topology_of(&s.mesh);
        int pieces, holes;
        topology_expected(alpha, rows[i].shape.w, rows[i].shape.h, &pieces, &holes);
        print_message("%s: %d triangles, euler %ld, smallest %g\n", rows[i].shape.name, s.mesh.triangle_count,
                      found.euler, found.smallest);
        assert_int_equal(found.duplicate, 0);
        assert_int_equal(found.open, 0);
        assert_int_equal(found.euler, 2 * pieces - 2 * holes);
        if (rows[i].euler >= 0)
            assert_int_equal(found.euler, rows[i].euler);
        assert_true(found.finite);
        assert_true(found.volume > 0);
        assert_true(found.smallest > 1e-4);
        check_normals(&s, rows[i].shape.w);
        free(alpha);
        arena_finish(&arena);
    }
}

/* Every 3x3 mask: all the cells' cases and their neighbourhoods. */
static void test_all_small_masks(void **state)
{
    (void)state;
    enum { SIDE = 7 };
    float u[SIDE * SIDE];
    for (int i = 0; i < SIDE * SIDE; i++)
        u[i] = 1;
    for (int mask = 1; mask < 512; mask++) {
        for (int level = 0; level < 2; level++) { /* ambiguous cells joined, and not */
            float alpha[SIDE * SIDE] = {0};
            for (int bit = 0; bit < 9; bit++)
                alpha[(2 + bit / 3) * SIDE + 2 + bit % 3] = mask >> bit & 1 ? (level ? 0.9f : 0.6f) : 0.2f;
            struct arena arena;
            struct mesher_shape s;
            arena_init(&arena, "test", (size_t)1 << 24);
            const struct mesher_grid grid = {SIDE, SIDE, alpha, CONTOUR_LINEAR, u};
            mesher_build(&s, &arena, &grid);
            mesher_add_normals(&s, &arena, &grid);
            check_normals(&s, SIDE);
            struct topology found = topology_of(&s.mesh);
            int pieces, holes;
            topology_expected(alpha, SIDE, SIDE, &pieces, &holes);
            if (found.duplicate || found.open || found.euler != 2 * pieces - 2 * holes || !(found.volume > 0))
                fail_msg("mask %d level %d: %ld duplicate, %ld open, euler %ld", mask, level, found.duplicate,
                         found.open, found.euler);
            arena_finish(&arena);
        }
    }
}

static void test_disk_becomes_a_ball(void **state)
{
    (void)state;
    static const struct {
        int side;
        double least;
    } rows[] = {{64, 0.995}, {128, 0.998}, {256, 0.999}};
    for (int i = 0; i < COUNT(rows); i++) {
        struct arena arena;
        struct mesher_shape s;
        free(make(&s, &arena, &(struct shape_case){"disk", SHAPE_DISK, rows[i].side, rows[i].side}));
        double ratio =
            mesh_volume(&s.mesh) / (4.0 / 3 * 3.14159265358979 * pow(shape_radius(rows[i].side), 3));
        print_message("disk %d: volume %.4f of the ball's\n", rows[i].side, ratio);
        assert_true(ratio > rows[i].least && ratio < 1.001);
        arena_finish(&arena);
    }
}

static void test_normals_point_outwards(void **state)
{
    (void)state;
    struct arena arena;
    struct mesher_shape s;
    free(make(&s, &arena, &(struct shape_case){"disk", SHAPE_DISK, 129, 129}));
    double worst = 1;
    for (int v = 0; v < s.mesh.vertex_count; v++) {
        struct vec3 p = s.mesh.position[v], n = s.mesh.normal[v];
        double x = p.x - 64, y = p.y + 64, r = sqrt(x * x + y * y + p.z * p.z);
        assert_near(sqrt(n.x * n.x + n.y * n.y + n.z * n.z), 1, 1e-5);
        worst = fmin(worst, (x * n.x + y * n.y + p.z * n.z) / r);
    }
    print_message("worst cosine %g\n", worst);
    assert_true(worst > 0.99);
    arena_finish(&arena);
}

static void test_fit(void **state)
{
    (void)state;
    static const double boxes[][3] = {{100, 100, 100}, {100, 20, 100}, {300, 200, 10}, {1, 1000, 1000}};
    for (int i = 0; i < COUNT(boxes); i++) {
        struct arena arena;
        struct mesher_shape s;
        free(make(&s, &arena, &(struct shape_case){"ellipse", SHAPE_ELLIPSE, 100, 100}));
        mesher_fit(&s, boxes[i]);
        double low[3] = {1e9, 1e9, 1e9}, high[3] = {-1e9, -1e9, -1e9}, fullest = 0;
        for (int v = 0; v < s.mesh.vertex_count; v++) {
            const float *p = &s.mesh.position[v].x;
            for (int k = 0; k < 3; k++) {
                low[k] = fmin(low[k], p[k]);
                high[k] = fmax(high[k], p[k]);
            }
        }
        for (int k = 0; k < 3; k++) {
            assert_near(low[k], -high[k], 1e-4 * boxes[i][k]);
            assert_true(high[k] - low[k] <= boxes[i][k] * 1.0001);
            fullest = fmax(fullest, (high[k] - low[k]) / boxes[i][k]);
        }
        assert_near(fullest, 1, 1e-4);
        assert_near((high[0] - low[0]) / (high[1] - low[1]), 2, 0.05); /* proportions are kept */
        arena_finish(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_closed),
        cmocka_unit_test(test_all_small_masks),
        cmocka_unit_test(test_disk_becomes_a_ball),
        cmocka_unit_test(test_normals_point_outwards),
        cmocka_unit_test(test_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
