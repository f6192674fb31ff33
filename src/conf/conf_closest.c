#include "conf.h"

#include <stdio.h>
#include <string.h>

enum { WORD_MAX = 40 };

static int least(int a, int b, int c)
{
    int low = a < b ? a : b;
    return low < c ? low : c;
}

/* Insertions, deletions, replacements and swaps of neighbours that make b of a: the optimal string alignment
 * distance. Both are at most WORD_MAX long. */
static int edits(const char *a, const char *b)
{
    int rows[3][WORD_MAX + 1];
    int *before = rows[0], *last = rows[1], *now = rows[2];
    int m = (int)strlen(a), n = (int)strlen(b);
    for (int j = 0; j <= n; j++)
        last[j] = before[j] = j;
    for (int i = 1; i <= m; i++) {
        now[0] = i;
        for (int j = 1; j <= n; j++) {
            now[j] = least(last[j] + 1, now[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < now[j])
                now[j] = before[j - 2] + 1;
        }
        int *free_row = before;
        before = last;
        last = now;
        now = free_row;
    }
    return last[n];
}

const char *conf_closest(const char *word, const char *const *names, int count)
{
    size_t len = strlen(word);
    if (len == 0 || len > WORD_MAX)
        return NULL;
    int allowed = len < 4 ? 1 : len < 8 ? 2 : 3;
    const char *best = NULL;
    for (int i = 0; i < count; i++) {
        if (strlen(names[i]) > WORD_MAX)
            continue;
        int distance = edits(word, names[i]);
        if (distance <= allowed && distance < (int)strlen(names[i])) {
            best = names[i];
            allowed = distance - 1;
        }
    }
    return best;
}

char *conf_suggest(const char *word, const char *kind, const char *const *names, int count,
                   char out[CONF_HINT])
{
    out[0] = '\0';
    const char *closest = conf_closest(word, names, count);
    if (closest) {
        snprintf(out, CONF_HINT, "did you mean '%s'?", closest);
        return out;
    }
    size_t used = 0;
    for (int i = 0; i < count; i++) {
        int n = snprintf(out + used, CONF_HINT - used, "%s%s", i ? ", " : kind, names[i]);
        if (n < 0 || used + (size_t)n >= CONF_HINT - 8) {
            snprintf(out + used, CONF_HINT - used, ", ...");
            break;
        }
        used += (size_t)n;
    }
    return out;
}
