#include "answer.h"

#include "jsonptr.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

json_t *answer_parse(const char *bytes, size_t len, char error[ANSWER_ERROR])
{
    json_error_t why;
    const size_t flags = JSON_DECODE_ANY | JSON_ALLOW_NUL;
    if (len > ANSWER_JSON_MAX) {
        snprintf(error, ANSWER_ERROR, "the answer is larger than is read as JSON");
        return NULL;
    }
    json_t *root = json_loadb(bytes, len, flags, &why);
    if (!root && json_error_code(&why) == json_error_numeric_overflow)
        root = json_loadb(bytes, len, flags | JSON_DECODE_INT_AS_REAL, &why);
    if (!root)
        snprintf(error, ANSWER_ERROR, "the answer is no JSON: %.150s", why.text);
    return root;
}

const char *answer_text(const json_t *root, const char *pointer, struct arena *arena)
{
    const json_t *value = root ? jsonptr_get(root, pointer) : NULL;
    if (!value || json_is_object(value) || json_is_array(value) || json_is_null(value) ||
        (json_is_string(value) && json_string_length(value) > ANSWER_TEXT_MAX))
        return NULL;
    return jsonptr_text(value, arena);
}

/* Also of what is no number, or not finite: "nan" and "1e999" can be read. */
static double in_range(double seconds)
{
    return seconds >= 0 && seconds <= ANSWER_TIME_MAX ? seconds : -1;
}

double answer_time(const json_t *root, const char *pointer, struct arena *arena)
{
    const char *text = answer_text(root, pointer, arena);
    struct tm tm = {0};
    char *end;
    if (!text)
        return -1;
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    if (!rest) {
        double number = strtod(text, &end);
        return end != text && *end == '\0' ? in_range(number) : -1;
    }
    double fraction = *rest == '.' ? strtod(rest, &end) : 0;
    return in_range((double)timegm(&tm) + fraction);
}
