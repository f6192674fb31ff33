/* jsonptr: the first line is a pointer, the rest a document. What json_skim reads of it is the same. */
#include "fuzz.h"
#include "json_skim.h"
#include "jsonptr.h"

/* What it takes is JSON, and what stands there is what a parser finds. */
static void skim(const char *pointer, const char *text, size_t len, const json_t *root)
{
    struct json_skim found = {.pointer = pointer};
    if (*pointer != '/' || !jsonptr_valid(pointer) || !json_skim(text, len, &found, 1))
        return;
    assert(root);
    const json_t *value = jsonptr_get(root, pointer);
    assert(found.found == (value && !json_is_object(value) && !json_is_array(value)));
    assert(found.number == json_is_number(value));
    if (!found.found || !found.plain)
        return;
    char *own = fuzz_text(found.at, found.len);
    struct jsonptr_match match = {pointer, own};
    assert(json_skim_is(&found, own) && jsonptr_any(root, &match, 1));
    free(own);
}

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
    skim(pointer, (const char *)data, size, root);
    arena_finish(&arena);
    json_decref(root);
    free(pointer);
    return 0;
}
