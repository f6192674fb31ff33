#include "result_file.h"

#include "buf.h"
#include "file.h"

#include <stdio.h>
#include <string.h>

enum { FILE_MAX_BYTES = 256 << 20 };

bool result_file_path(const char *dir, const char *scenario, char out[RESULT_PATH])
{
    size_t len = strlen(dir);
    const char *slash = len && dir[len - 1] == '/' ? "" : "/";
    int n = snprintf(out, RESULT_PATH, "%s%sresults_%s.json", len ? dir : ".", slash, scenario);
    return n > 0 && n < RESULT_PATH;
}

static const char *failed(char error[RESULT_ERROR], const char *what, const char *path, int number)
{
    snprintf(error, RESULT_ERROR, "%s %.*s: %s", what, RESULT_PATH, path, strerror(number));
    return error;
}

const char *result_file_write(const char *dir, const char *scenario, const json_t *document,
                              char error[RESULT_ERROR])
{
    char path[RESULT_PATH];
    if (!result_file_path(dir, scenario, path)) {
        snprintf(error, RESULT_ERROR, "the path of the results directory is too long");
        return error;
    }
    int number = file_make_dirs(*dir ? dir : ".");
    if (number)
        return failed(error, "cannot make the results directory", dir, number);
    struct buf text;
    buf_init(&text, FILE_MAX_BYTES);
    result_json_write(document, &text);
    const char *message = NULL;
    if (text.failed)
        snprintf(error, RESULT_ERROR, "the results of %.100s do not fit into memory", scenario),
            message = error;
    else if ((number = file_write(path, text.bytes, text.len)) != 0)
        message = failed(error, "cannot write", path, number);
    buf_finish(&text);
    return message;
}
