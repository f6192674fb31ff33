/* url: what is taken can be written into a request's head, and is taken again from its own parts. */
#include "fuzz.h"
#include "url.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct url url, again;
    const char *error = NULL;
    char text[2048], *input = fuzz_text(data, size);
    if (url_parse(input, &url, &error)) {
        assert(url.port >= 1 && url.port <= 65535 && url.host[0]);
        assert(url.path[0] == '\0' || (url.path[0] == '/' && url.path[strlen(url.path) - 1] != '/'));
        snprintf(text, sizeof text, "%s://%s%s", url.tls ? "https" : "http", url.authority, url.path);
        assert(!strpbrk(text, " \t\r\n\x7f"));
        assert(url_parse(text, &again, &error));
        assert(again.tls == url.tls && again.port == url.port && strcmp(again.host, url.host) == 0);
        assert(strcmp(again.authority, url.authority) == 0 && strcmp(again.path, url.path) == 0);
    } else {
        assert(error && *error);
    }
    free(input);
    return 0;
}
