#include "record_words.h"

#include "utf8.h"

#include <string.h>

void record_words_add(struct record_words *w, const char *text, int64_t times)
{
    char cleaned[RECORD_WORD_TEXT];
    int i = 0;
    utf8_clean(text, cleaned, sizeof cleaned);
    while (i < w->count && strcmp(w->items[i].text, cleaned) != 0)
        i++;
    if (i == RECORD_WORDS_MAX) {
        w->others += times;
        return;
    }
    if (i == w->count) {
        w->count++;
        w->items[i].times = 0;
        memcpy(w->items[i].text, cleaned, sizeof cleaned);
    }
    w->items[i].times += times;
}

void record_words_merge(struct record_words *into, const struct record_words *from)
{
    for (int i = 0; i < from->count; i++)
        record_words_add(into, from->items[i].text, from->items[i].times);
    into->others += from->others;
}
