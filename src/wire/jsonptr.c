#include "jsonptr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool jsonptr_valid(const char *pointer)
{
    if (*pointer != '\0' && *pointer != '/')
        return false;
    if (strlen(pointer) > JSONPTR_MAX)
        return false;
    for (const char *at = pointer; *at; at++) {
        if (*at == '~' && at[1] != '0' && at[1] != '1')
            return false;
    }
    return true;
}

/* Reads the part behind the '/' at *at, unescaped, and moves *at to the next '/' or the end. */
static void next_part(const char **at, char part[JSONPTR_MAX + 1])
{
    size_t len = 0;
    const char *from = *at + 1;
    for (; *from && *from != '/'; from++) {
        if (*from == '~')
            part[len++] = *++from == '0' ? '~' : '/';
        else
            part[len++] = *from;
    }
    part[len] = '\0';
    *at = from;
}

/* An index has no leading zero and no sign. */
static json_t *array_item(const json_t *array, const char *part)
{
    size_t len = strlen(part);
    if (len == 0 || len > 9 || strspn(part, "0123456789") != len || (part[0] == '0' && len > 1))
        return NULL;
    return json_array_get(array, strtoul(part, NULL, 10));
}

json_t *jsonptr_get(const json_t *root, const char *pointer)
{
    if (!root || !jsonptr_valid(pointer))
        return NULL;
    const json_t *value = root;
    while (value && *pointer) {
        char part[JSONPTR_MAX + 1];
        next_part(&pointer, part);
        value = json_is_array(value) ? array_item(value, part) : json_object_get(value, part);
    }
    return (json_t *)value; /* jansson's getters take const and give none */
}

enum { REAL_TEXT = 40 };

/* The shortest form that reads back the same. */
static void real_format(double value, char text[REAL_TEXT])
{
    snprintf(text, REAL_TEXT, "%.15g", value);
    if (strtod(text, NULL) != value)
        snprintf(text, REAL_TEXT, "%.17g", value);
}

static bool equals(const json_t *value, const char *text)
{
    char own[REAL_TEXT];
    if (json_is_string(value))
        return json_string_length(value) == strlen(text) && strcmp(json_string_value(value), text) == 0;
    if (json_is_integer(value))
        snprintf(own, sizeof own, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        real_format(json_real_value(value), own);
    else if (json_is_array(value) || json_is_object(value))
        return false;
    else
        snprintf(own, sizeof own, "%s",
                 json_is_true(value)    ? "true"
                 : json_is_false(value) ? "false"
                                        : "null");
    return strcmp(own, text) == 0;
}

bool jsonptr_any(const json_t *root, const struct jsonptr_match *matches, int count)
{
    for (int i = 0; i < count; i++) {
        const json_t *value = jsonptr_get(root, matches[i].pointer);
        if (value && equals(value, matches[i].value))
            return true;
    }
    return false;
}

static const char *real_text(double value, struct arena *arena)
{
    char text[REAL_TEXT];
    real_format(value, text);
    return arena_copy(arena, text, strlen(text));
}

static const char *json_text(const json_t *value, struct arena *arena)
{
    const size_t flags = JSON_ENCODE_ANY | JSON_COMPACT;
    size_t len = json_dumpb(value, NULL, 0, flags);
    if (len == 0 || len > JSONPTR_TEXT_MAX)
        return NULL;
    char *text = arena_alloc(arena, len + 1, 1);
    json_dumpb(value, text, len, flags);
    return text;
}

const char *jsonptr_text(const json_t *value, struct arena *arena)
{
    if (!value)
        return NULL;
    if (json_is_real(value))
        return real_text(json_real_value(value), arena);
    if (!json_is_string(value))
        return json_text(value, arena);
    const char *text = json_string_value(value);
    size_t len = json_string_length(value);
    bool fits = len <= JSONPTR_TEXT_MAX && !memchr(text, '\0', len);
    return fits ? arena_copy(arena, text, len) : NULL;
}
