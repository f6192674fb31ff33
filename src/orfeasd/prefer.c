#include "prefer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void read_preference(struct prefer *p, const char *at, size_t len)
{
    static const char ASYNC[] = "respond-async", WAIT[] = "wait=";
    if (len == sizeof ASYNC - 1 && strncasecmp(at, ASYNC, len) == 0)
        p->respond_async = true;
    if (p->has_wait || len < sizeof WAIT || len > sizeof WAIT + 4 ||
        strncasecmp(at, WAIT, sizeof WAIT - 1) != 0)
        return;
    long seconds = 0;
    for (const char *digit = at + sizeof WAIT - 1; digit < at + len; digit++) {
        if (*digit < '0' || *digit > '9')
            return;
        seconds = seconds * 10 + (*digit - '0');
    }
    p->has_wait = true;
    p->wait = (seconds < 86400 ? seconds : 86400) * NSEC_PER_SEC;
}

void prefer_read(struct prefer *p, const char *text)
{
    while (*text) {
        text += strspn(text, " \t,");
        size_t len = strcspn(text, ",;"), shown = len;
        while (shown && (text[shown - 1] == ' ' || text[shown - 1] == '\t'))
            shown--;
        read_preference(p, text, shown);
        text += len;
        text += strcspn(text, ","); /* parameters of a preference */
    }
}
