/*
 * promtext_emit - reads an exposition from standard input and writes what was understood of it as one again, so that
 * others can be asked whether they understand the same of both.
 *
 *   promtext_emit CONTENT-TYPE    exit code 1: there were mistakes, told on standard error
 */
#include "buf.h"
#include "promtext.h"

#include <stdio.h>
#include <unistd.h>

enum { BODY_MAX = 64 << 20, PIECE = 1 << 16 };

static void read_all(struct buf *body)
{
    ssize_t got;
    for (char *at; (at = buf_reserve(body, PIECE)) != NULL && (got = read(STDIN_FILENO, at, PIECE)) > 0;)
        buf_commit(body, (size_t)got);
}

static void emit_family(const struct promtext_sample *s, enum promtext_format format)
{
    const char *type = promtext_type_names[s->type];
    if (s->type == PROMTEXT_UNTYPED && format == PROMTEXT_OPENMETRICS)
        type = "unknown";
    printf("# TYPE %.*s %s\n", (int)s->family.len, s->family.at, type);
}

static void emit_sample(const struct promtext_sample *s)
{
    printf("%.*s", (int)s->name.len, s->name.at);
    struct promtext_text rest = s->labels;
    struct promtext_label label;
    for (int i = 0; promtext_label_next(&rest, &label); i++)
        printf("%c%.*s=\"%.*s\"", i ? ',' : '{', (int)label.name.len, label.name.at, (int)label.value.len, label.value.at);
    printf("%s ", s->labels.len ? "}" : "");
    if (s->value != s->value)
        puts("NaN");
    else
        printf("%.17g\n", s->value);
}

int main(int argc, char **argv)
{
    struct promtext p;
    struct promtext_sample s;
    struct buf body;
    bool wrong = false;
    buf_init(&body, BODY_MAX);
    read_all(&body);
    enum promtext_format format = promtext_format_of(argc > 1 ? argv[1] : "", buf_text(&body), body.len);
    promtext_init(&p);
    promtext_read(&p, format, buf_text(&body), body.len);
    for (enum promtext_event event; (event = promtext_next(&p, &s)) != PROMTEXT_END;) {
        if (p.mistake)
            fprintf(stderr, "%d: %s: %.*s\n", p.line, p.mistake, (int)p.text.len, p.text.at);
        wrong |= p.mistake != NULL;
        if (event == PROMTEXT_FAMILY)
            emit_family(&s, format);
        else if (event == PROMTEXT_SAMPLE)
            emit_sample(&s);
    }
    if (format == PROMTEXT_OPENMETRICS)
        puts("# EOF");
    promtext_finish(&p);
    buf_finish(&body);
    return wrong;
}
