/* answer: what a target's JSON says, at a pointer in the first line. */
#include "answer.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *pointer = fuzz_line(&data, &size), error[ANSWER_ERROR] = "";
    struct arena arena;
    struct buf body;
    arena_init(&arena, "answer", 4 << 20);
    buf_init(&body, 1 << 20);
    buf_add(&body, data, size);
    json_t *root = answer_parse(buf_text(&body), body.len, error);
    assert(root || *error);
    const char *text = answer_text(root, pointer, &arena);
    assert(!text || root);
    double t = answer_time(root, pointer, &arena);
    assert(t == -1 || (t >= 0 && t <= ANSWER_TIME_MAX));
    json_decref(root);
    buf_finish(&body);
    arena_finish(&arena);
    free(pointer);
    return 0;
}
