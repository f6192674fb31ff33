#include "plan_compile.h"

#include <stdio.h>
#include <string.h>

void plan_json_escape(struct template_builder *b, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char escaped[8];
        if (bytes[i] == '"' || bytes[i] == '\\')
            snprintf(escaped, sizeof escaped, "\\%c", bytes[i]);
        else if ((unsigned char)bytes[i] < ' ')
            snprintf(escaped, sizeof escaped, "\\u%04x", (unsigned)bytes[i]);
        else
            snprintf(escaped, sizeof escaped, "%c", bytes[i]);
        template_add(b, escaped, strlen(escaped));
    }
}

static size_t digits(const char *text)
{
    return strspn(text, "0123456789");
}

/* As RFC 8259 writes numbers; what YAML takes for a number besides (0x10, .5) stays a text. */
static bool is_number(const char *text)
{
    text += *text == '-';
    size_t whole = digits(text);
    if (whole == 0 || (whole > 1 && *text == '0'))
        return false;
    text += whole;
    if (*text == '.') {
        if (!digits(++text))
            return false;
        text += digits(text);
    }
    if (*text == 'e' || *text == 'E') {
        text++;
        text += *text == '+' || *text == '-';
        if (!digits(text))
            return false;
        text += digits(text);
    }
    return *text == '\0';
}

static bool is_literal(const struct conf_node *n)
{
    return !n->quoted &&
           (strcmp(n->text, "true") == 0 || strcmp(n->text, "false") == 0 || is_number(n->text));
}

/* "{quality}" and nothing else: the value keeps its own type. */
static bool is_one_placeholder(const struct conf_node *n)
{
    return n->len > 2 && n->text[0] == '{' && n->text[1] != '{' &&
           strchr(n->text, '}') == n->text + n->len - 1;
}

static void emit_scalar(struct template_builder *b, const struct conf_node *n)
{
    if (n->broken || conf_is_null(n)) {
        template_add(b, "null", 4);
    } else if (is_literal(n)) {
        template_add(b, n->text, n->len);
    } else if (is_one_placeholder(n)) {
        template_scan(b, n, SEGMENT_JSON);
    } else {
        template_add(b, "\"", 1);
        template_scan(b, n, SEGMENT_JSON_PART);
        template_add(b, "\"", 1);
    }
}

/* The depth is limited by conf. */
void plan_json_add(struct template_builder *b, const struct conf_node *n)
{
    if (n->kind == CONF_SCALAR) {
        emit_scalar(b, n);
        return;
    }
    bool is_map = n->kind == CONF_MAPPING;
    template_add(b, is_map ? "{" : "[", 1);
    for (const struct conf_node *child = n->first; child; child = child->next) {
        if (child != n->first)
            template_add(b, ",", 1);
        if (is_map) {
            template_add(b, "\"", 1);
            plan_json_escape(b, child->key, strlen(child->key));
            template_add(b, "\":", 2);
        }
        plan_json_add(b, child);
    }
    template_add(b, is_map ? "}" : "]", 1);
}

void plan_json_compile(struct compile *c, const struct conf_node *n, int step, struct template *ret)
{
    if (n->kind == CONF_SCALAR) {
        conf_expect_kind(n, CONF_MAPPING, "write json: {job_id: \"{job}\"}", c->diags);
        return;
    }
    struct template_builder b;
    template_begin(&b, c, step);
    plan_json_add(&b, n);
    template_end(&b, n, ret);
}
