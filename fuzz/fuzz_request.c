/* request: what comes with a request to orfeasd: ids, preferences, file names, paths, forms and JSON. */
#include "file_name.h"
#include "fuzz.h"
#include "json_out.h"
#include "params.h"
#include "prefer.h"
#include "route.h"

#include <jansson.h>

static void check_mistakes(const struct params *p)
{
    struct buf out;
    buf_init(&out, 64 << 10);
    params_write_mistakes(p, &out);
    json_end(&out);
    json_t *answer = json_loadb(buf_text(&out), out.len, JSON_REJECT_DUPLICATES, NULL);
    assert(answer);
    json_decref(answer);
    buf_finish(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct uuid id;
    struct prefer prefer = {0};
    struct params params;
    char params_of_path[EXCHANGE_PARAMS][EXCHANGE_PARAM_MAX + 1], name[FILE_NAME_MAX + 1], back[UUID_TEXT];
    char *text = fuzz_text(data, size), *equals = strchr(text, '=');
    if (uuid_parse((const char *)data, size, &id))
        assert(size == UUID_TEXT - 1 && memcmp(uuid_text(&id, back), data, size) == 0);
    prefer_read(&prefer, text);
    assert(prefer.wait >= 0 && prefer.wait <= 86400 * NSEC_PER_SEC);
    file_name_clean(text, name);
    json_t *shown = json_string(name); /* NULL when it is no UTF-8 */
    assert(shown);
    json_decref(shown);
    route_find(route_table, text, params_of_path);
    params_init(&params);
    params_from_json(&params, (const char *)data, size);
    if (equals) {
        *equals = '\0';
        params_from_field(&params, text, equals + 1);
    }
    check_mistakes(&params);
    free(text);
    return 0;
}
