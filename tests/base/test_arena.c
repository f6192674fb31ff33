#include "test.h"
#include "arena.h"

static void test_memory_is_zeroed_and_aligned(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, "test", 1 << 20);
    for (int round = 0; round < 3; round++) {
        for (size_t n = 1; n < 300; n += 7) {
            unsigned char *p = arena_alloc(&a, n, 1);
            assert_int_equal((uintptr_t)p % 16, 0);
            for (size_t i = 0; i < n; i++)
                assert_int_equal(p[i], 0);
            memset(p, 0xff, n);
        }
        arena_reset(&a);
    }
    arena_finish(&a);
}

static void test_reset_keeps_blocks(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, "test", 1 << 20);
    arena_alloc(&a, 5000, 1);
    arena_alloc(&a, 50000, 1);
    size_t held = a.held_bytes;
    for (int i = 0; i < 100; i++) {
        arena_reset(&a);
        arena_alloc(&a, 5000, 1);
        arena_alloc(&a, 50000, 1);
    }
    assert_int_equal(a.held_bytes, held);
    arena_finish(&a);
}

static void test_printf_copies(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, "test", 1 << 20);
    char *text = arena_printf(&a, "%d-%s", 42, "x");
    assert_string_equal(text, "42-x");
    assert_string_equal(arena_copy(&a, "abcdef", 3), "abc");
    arena_finish(&a);
}

static void test_adopted_memory_lives_on(void **state)
{
    (void)state;
    for (int used = 0; used < 2; used++) {
        struct arena a, b;
        arena_init(&a, "into", 1 << 20);
        arena_init(&b, "from", 1 << 20);
        char *ours = used ? arena_copy(&a, "ours", 4) : NULL;
        char *theirs = arena_copy(&b, "theirs", 6);
        arena_alloc(&b, 100000, 1);
        size_t held = a.held_bytes + b.held_bytes;
        arena_adopt(&a, &b);
        assert_int_equal(a.held_bytes, held);
        assert_int_equal(a.max_bytes, 2 << 20);
        assert_int_equal(b.held_bytes, 0);
        arena_finish(&b);
        memset(arena_alloc(&a, 5000, 1), 0xff, 5000);
        assert_string_equal(theirs, "theirs");
        if (ours)
            assert_string_equal(ours, "ours");
        arena_reset(&a);
        memset(arena_alloc(&a, 100000, 1), 0xff, 100000);
        arena_finish(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_is_zeroed_and_aligned),
        cmocka_unit_test(test_reset_keeps_blocks),
        cmocka_unit_test(test_printf_copies),
        cmocka_unit_test(test_adopted_memory_lives_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
