/* duration: within its limits, and shown in the space for it. */
#include "clock.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nsec t = -1;
    char text[DURATION_TEXT];
    if (duration_parse((const char *)data, size, &t)) {
        assert(size > 1 && t >= 0 && t <= 1000 * 86400 * NSEC_PER_SEC);
        assert(strlen(duration_text(t, text)) < DURATION_TEXT - 1);
    } else {
        assert(t == -1);
    }
    return 0;
}
