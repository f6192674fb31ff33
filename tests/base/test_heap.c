#include "test.h"
#include "heap.h"
#include "rng.h"

static void test_comes_out_in_order(void **state)
{
    (void)state;
    enum { N = 1000 };
    static struct heap_node nodes[N];
    struct heap h;
    struct rng r;
    heap_init(&h);
    rng_init(&r, 1, 0);
    for (int i = 0; i < N; i++)
        heap_add(&h, &nodes[i], rng_range(&r, 0, 99));
    for (int i = 0; i < N; i += 3)
        heap_remove(&h, &nodes[i]);
    nsec last = -1;
    uint64_t order = 0;
    int seen = 0;
    for (struct heap_node *n; (n = heap_first(&h)); seen++) {
        assert_true(n->due > last || (n->due == last && n->order > order));
        last = n->due;
        order = n->order;
        heap_remove(&h, n);
        assert_int_equal(n->index, 0);
    }
    assert_int_equal(seen, N - (N + 2) / 3);
    heap_finish(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_comes_out_in_order)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
