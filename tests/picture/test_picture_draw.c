#include "test.h"
#include "picture_draw.h"

#include <stdlib.h>

static uint64_t fingerprint(const struct picture *p)
{
    uint64_t h = 0xcbf29ce484222325u; /* FNV-1a */
    for (size_t i = 0; i < (size_t)p->width * (size_t)p->height * 4; i++)
        h = (h ^ p->rgba[i]) * 0x100000001b3u;
    return h;
}

/* Made with gcc and clang, with and without optimisation: a change here is a change of everybody's test
 * picture. */
static void test_same_pixels_on_every_machine(void **state)
{
    (void)state;
    static const struct {
        uint64_t seed;
        int side;
        uint64_t fingerprint;
    } rows[] = {
        {1, 128, 0xb7fe158146b67548},
        {2, 128, 0x1c1503953f106175},
        {3, 64, 0x25c830f6af24b6bb},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct picture p;
        picture_draw(&p, rows[i].side, rows[i].seed);
        if (fingerprint(&p) != rows[i].fingerprint)
            fail_msg("seed %d: 0x%016llx", (int)rows[i].seed, (unsigned long long)fingerprint(&p));
        picture_finish(&p);
    }
}

static void test_seeds_differ(void **state)
{
    (void)state;
    uint64_t seen[20];
    for (int i = 0; i < COUNT(seen); i++) {
        struct picture p;
        picture_draw(&p, 32, (uint64_t)i);
        seen[i] = fingerprint(&p);
        picture_finish(&p);
        for (int k = 0; k < i; k++)
            assert_true(seen[k] != seen[i]);
    }
}

/* A generator needs a clear foreground: whole, away from the border, with a soft edge, symmetric in outline.
 */
static void test_foreground_is_clear(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 12; seed++) {
        enum { SIDE = 96 };
        struct picture p;
        picture_draw(&p, SIDE, seed);
        assert_int_equal(p.width, SIDE);
        assert_int_equal(p.height, SIDE);
        assert_true(p.has_alpha);
        int opaque = 0, soft = 0, mirrored = 0;
        for (int i = 0; i < SIDE * SIDE; i++) {
            int x = i % SIDE, y = i / SIDE, alpha = p.rgba[i * 4 + 3];
            if (x < 2 || y < 2 || x >= SIDE - 2 || y >= SIDE - 2)
                assert_int_equal(alpha, 0);
            opaque += alpha == 255;
            soft += alpha > 0 && alpha < 255;
            mirrored += alpha == p.rgba[(y * SIDE + SIDE - 1 - x) * 4 + 3];
        }
        assert_in_range(opaque, SIDE * SIDE / 8, SIDE * SIDE / 2);
        assert_in_range(soft, SIDE, SIDE * 12);
        assert_true(mirrored > SIDE * SIDE * 99 / 100);
        picture_finish(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_pixels_on_every_machine),
        cmocka_unit_test(test_seeds_differ),
        cmocka_unit_test(test_foreground_is_clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
