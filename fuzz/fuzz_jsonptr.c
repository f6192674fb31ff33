/* jsonptr: the first line is a pointer, the rest a document. */
#include "fuzz.h"
#include "jsonptr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *pointer = fuzz_line(&data, &size);
    json_t *root = json_loadb((const char *)data, size, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    struct arena arena;
    arena_init(&arena, "jsonptr", 4 << 20);
    json_t *value = root ? jsonptr_get(root, pointer) : NULL;
    assert(jsonptr_valid(pointer) || !value);
    assert(!root || *pointer || value == root);
    const char *text = jsonptr_text(value, &arena);
    assert(!text || (value && strlen(text) <= JSONPTR_TEXT_MAX));
    if (root) {
        struct jsonptr_match match = {pointer, text ? text : "x"};
        bool found = jsonptr_any(root, &match, 1);
        assert(!text || found || json_is_array(value) || json_is_object(value));
    }
    arena_finish(&arena);
    json_decref(root);
    free(pointer);
    return 0;
}
