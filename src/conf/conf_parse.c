#include "conf.h"

#include "file.h"

#include <stdio.h>
#include <string.h>
#include <yaml.h>

struct builder {
    yaml_parser_t parser;
    struct arena *arena;
    const char *file;
    const char *bytes;
    size_t len;
    struct diag_list *diags;
    int nodes;
};

static const struct {
    const char *problem; /* libyaml's words */
    const char *hint;
} syntax_hints[] = {
    {"found character that cannot start any token",
     "indent with spaces, not tabs; quote a text that begins with @, ` or %"},
    {"found a tab character that violates indentation", "indent with spaces, not tabs"},
    {"mapping values are not allowed in this context",
     "quote a text that contains ': ', or look at the indentation"},
    {"did not find expected key",
     "look at the indentation here, and for a quote or bracket that is missing above"},
    {"found unexpected ':'", "a space stands behind the ':' of a key"},
    {"could not find expected ':'", "a key is followed by ': ' and its value"},
    {"did not find expected ',' or '}'", "separate entries with commas and close the {"},
    {"did not find expected ',' or ']'", "separate items with commas and close the ["},
    {"did not find expected '-' indicator", "items of one list stand in one column"},
    {"found unexpected end of stream", "close the quote"},
    {"did not find expected alphabetic or numeric character", "quote a text that begins with * or &"},
    {"found unknown escape character", "write \\\\ for a backslash, or use single quotes"},
    {"control characters are not allowed", "the file holds bytes that are no text"},
};

static const char *syntax_hint(const char *problem)
{
    for (size_t i = 0; i < sizeof syntax_hints / sizeof syntax_hints[0]; i++) {
        if (strcmp(syntax_hints[i].problem, problem) == 0)
            return syntax_hints[i].hint;
    }
    return NULL;
}

/* libyaml tells the byte, not the place, of bytes that it cannot decode. */
static void place_of_byte(const struct builder *b, size_t offset, int *line, int *column)
{
    *line = *column = 1;
    for (size_t i = 0; i < offset && i < b->len; i++) {
        if (b->bytes[i] == '\n') {
            ++*line;
            *column = 1;
        } else if (((unsigned char)b->bytes[i] & 0xc0) != 0x80) {
            ++*column;
        }
    }
}

static void report_syntax(struct builder *b)
{
    const yaml_parser_t *p = &b->parser;
    const char *problem = p->problem ? p->problem : "this cannot be read as YAML";
    int line = (int)p->problem_mark.line + 1, column = (int)p->problem_mark.column + 1;
    if (p->error == YAML_READER_ERROR)
        place_of_byte(b, p->problem_offset, &line, &column);
    char context[128] = "";
    if (p->error != YAML_READER_ERROR && p->context && (int)p->context_mark.line + 1 != line)
        snprintf(context, sizeof context, ", %s that begins in line %d", p->context,
                 (int)p->context_mark.line + 1);
    diag_add(b->diags, b->file, line, column, syntax_hint(problem), "%s%s", problem, context);
}

static void report(const struct builder *b, yaml_mark_t mark, const char *hint, const char *message)
{
    diag_add(b->diags, b->file, (int)mark.line + 1, (int)mark.column + 1, hint, "%s", message);
}

static bool next_event(struct builder *b, yaml_event_t *event)
{
    if (yaml_parser_parse(&b->parser, event))
        return true;
    report_syntax(b);
    return false;
}

static struct conf_node *new_node(struct builder *b, const yaml_event_t *event, enum conf_kind kind)
{
    struct conf_node *n = arena_new(b->arena, struct conf_node, 1);
    n->kind = kind;
    n->file = b->file;
    n->line = (int)event->start_mark.line + 1;
    n->column = (int)event->start_mark.column + 1;
    n->text = "";
    return n;
}

static size_t characters(const char *text, size_t len)
{
    size_t count = 0;
    for (size_t i = 0; i < len; i++)
        count += ((unsigned char)text[i] & 0xc0) != 0x80;
    return count;
}

static struct conf_node *build_scalar(struct builder *b, const yaml_event_t *event)
{
    struct conf_node *n = new_node(b, event, CONF_SCALAR);
    const char *text = (const char *)event->data.scalar.value;
    n->len = event->data.scalar.length;
    n->text = arena_copy(b->arena, text, n->len);
    n->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    size_t in_file = event->end_mark.index - event->start_mark.index;
    size_t quotes = n->quoted ? 2 : 0;
    if (event->start_mark.line == event->end_mark.line && characters(text, n->len) + quotes == in_file)
        n->text_column = n->column + (n->quoted ? 1 : 0);
    if (memchr(text, '\0', n->len)) {
        report(b, event->start_mark, NULL, "a text cannot hold a NUL character");
        n->broken = true;
    }
    return n;
}

static struct conf_node *build_node(struct builder *b, const yaml_event_t *event, int depth);

/* The next node of a collection. Returns false when there is no more or the file is wrong; then *ret is NULL,
 * and *ret_end tells which. */
static bool next_child(struct builder *b, int depth, struct conf_node **ret, bool *ret_end)
{
    yaml_event_t event;
    *ret = NULL;
    *ret_end = false;
    if (!next_event(b, &event))
        return false;
    *ret_end = event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT;
    if (!*ret_end)
        *ret = build_node(b, &event, depth + 1);
    yaml_event_delete(&event);
    return *ret != NULL;
}

static bool build_sequence(struct builder *b, struct conf_node *parent, int depth)
{
    struct conf_node *child;
    bool end;
    while (next_child(b, depth, &child, &end))
        conf_append(parent, child);
    return end;
}

static void add_entry(struct builder *b, struct conf_node *map, const struct conf_node *key,
                      struct conf_node *value)
{
    if (key->kind != CONF_SCALAR) {
        conf_error(key, b->diags, "write the key as a text", "a key cannot be a list or a mapping");
        return;
    }
    if (key->broken)
        return;
    const struct conf_node *before = conf_get(map, key->text);
    if (before) {
        char shown[CONF_SHOWN];
        conf_error(key, b->diags, "keep one of the two",
                   "'%s' stands here a second time; the first is in line %d", conf_shown(key->text, shown),
                   before->key_line);
        return;
    }
    value->key = key->text;
    value->key_line = key->line;
    value->key_column = key->column;
    conf_append(map, value);
}

static bool build_mapping(struct builder *b, struct conf_node *map, int depth)
{
    struct conf_node *key, *value;
    bool end;
    while (next_child(b, depth, &key, &end)) {
        if (!next_child(b, depth, &value, &end))
            return false;
        add_entry(b, map, key, value);
    }
    return end;
}

static struct conf_node *build_alias(struct builder *b, const yaml_event_t *event)
{
    struct conf_node *n = new_node(b, event, CONF_SCALAR);
    report(b, event->start_mark, "write the value here again, or quote a text that begins with *",
           "aliases (*name) are not supported");
    n->broken = true;
    return n;
}

static bool within_limits(struct builder *b, const yaml_event_t *event, int depth)
{
    if (depth > CONF_DEPTH_MAX) {
        report(b, event->start_mark, NULL, "nested deeper than 32 levels");
        return false;
    }
    if (++b->nodes > CONF_NODES_MAX) {
        report(b, event->start_mark, NULL, "more than 10000 values in one file");
        return false;
    }
    return true;
}

static void refuse_tag(struct builder *b, struct conf_node *n, const unsigned char *tag)
{
    if (!tag)
        return;
    conf_error(n, b->diags, "leave it out; quote a value that is to be a text",
               "tags (!name) are not supported");
    n->broken = true;
}

/* The node that begins with `event`; NULL when the rest cannot be read. */
static struct conf_node *build_node(struct builder *b, const yaml_event_t *event, int depth)
{
    if (!within_limits(b, event, depth))
        return NULL;
    struct conf_node *n;
    switch (event->type) {
    case YAML_ALIAS_EVENT:
        return build_alias(b, event);
    case YAML_SCALAR_EVENT:
        n = build_scalar(b, event);
        refuse_tag(b, n, event->data.scalar.tag);
        return n;
    case YAML_SEQUENCE_START_EVENT:
        n = new_node(b, event, CONF_SEQUENCE);
        refuse_tag(b, n, event->data.sequence_start.tag);
        return build_sequence(b, n, depth) ? n : NULL;
    default:
        n = new_node(b, event, CONF_MAPPING);
        refuse_tag(b, n, event->data.mapping_start.tag);
        return build_mapping(b, n, depth) ? n : NULL;
    }
}

static struct conf_node *build_root(struct builder *b, const yaml_event_t *event)
{
    struct conf_node *root = build_node(b, event, 1);
    if (root && conf_is_null(root) && !root->broken) {
        diag_add(b->diags, b->file, 1, 1, NULL, "the file is empty");
        root = NULL;
    }
    return root;
}

/* Walks the stream: one document, of which the first node is the tree. */
static struct conf_node *build_stream(struct builder *b)
{
    struct conf_node *root = NULL;
    bool done = false, seen = false, second = false;
    while (!done) {
        yaml_event_t event;
        if (!next_event(b, &event))
            return NULL;
        bool is_document = event.type == YAML_DOCUMENT_START_EVENT;
        bool is_frame = is_document || event.type == YAML_STREAM_START_EVENT ||
                        event.type == YAML_DOCUMENT_END_EVENT || event.type == YAML_STREAM_END_EVENT;
        done = event.type == YAML_STREAM_END_EVENT;
        second = is_document && seen;
        if (second)
            report(b, event.start_mark, "one file holds one document", "a second document begins here");
        if (!is_frame) {
            root = build_root(b, &event);
            seen = true;
        }
        yaml_event_delete(&event);
        if (second || (seen && !root))
            return NULL;
    }
    if (!seen)
        diag_add(b->diags, b->file, 1, 1, NULL, "the file is empty");
    return root;
}

struct conf_node *conf_parse(struct arena *arena, const char *file, const char *bytes, size_t len,
                             struct diag_list *diags)
{
    if (len > CONF_BYTES_MAX) {
        diag_add(diags, file, 0, 0, NULL, "the file is larger than 1 MiB");
        return NULL;
    }
    struct builder b = {.arena = arena, .bytes = bytes, .len = len, .diags = diags};
    b.file = arena_copy(arena, file, strlen(file));
    if (!yaml_parser_initialize(&b.parser)) {
        diag_add(diags, file, 0, 0, NULL, "out of memory");
        return NULL;
    }
    yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&b.parser, (const unsigned char *)bytes, len);
    struct conf_node *root = build_stream(&b);
    yaml_parser_delete(&b.parser);
    return root;
}

static struct conf_node *parse_text(struct arena *arena, const char *path, const struct buf *content,
                                    struct diag_list *diags)
{
    const char *text = buf_text(content);
    size_t mark = file_bom(text, content->len);
    return conf_parse(arena, path, text + mark, content->len - mark, diags);
}

struct conf_node *conf_load(struct arena *arena, const char *path, struct diag_list *diags)
{
    struct buf content;
    buf_init(&content, CONF_BYTES_MAX + 1);
    int error = file_read(path, &content);
    struct conf_node *root = NULL;
    if (error && content.len <= CONF_BYTES_MAX)
        diag_add(diags, path, 0, 0, NULL, "cannot be read: %s", strerror(error));
    else
        root = parse_text(arena, path, &content, diags);
    buf_finish(&content);
    return root;
}
