/*
 * record_words - a few words of the target, and how often each was said. Plain data; one writer at a time.
 */
#pragma once

#include <stdint.h>

enum {
    RECORD_WORDS_MAX = 16, /* distinct ones; those beyond are counted together */
    RECORD_WORD_TEXT = 48
};

struct record_word {
    char text[RECORD_WORD_TEXT]; /* as much as there is room for, without control characters, UTF-8 */
    int64_t times;
};

struct record_words {
    struct record_word items[RECORD_WORDS_MAX];
    int count;
    int64_t others; /* times that a word beyond them was said */
};

/* Any text. */
void record_words_add(struct record_words *w, const char *text, int64_t times);
void record_words_merge(struct record_words *into, const struct record_words *from);
