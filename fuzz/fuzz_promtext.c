/* promtext: every sample lies within the text, every answer is a line further; the figures are numbers. */
#include "figures.h"
#include "fuzz.h"
#include "promtext.h"

#include <math.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct promtext p;
    struct promtext_sample s;
    const char *text = (const char *)data;
    int line = 0, result;
    promtext_init(&p, text, size);
    while ((result = promtext_next(&p, &s)) != 0) {
        assert(p.line > line);
        line = p.line;
        if (result < 0)
            continue;
        assert(s.name_len > 0 && s.name >= text && s.name + s.name_len <= text + size);
        assert(s.labels_len == 0 || (s.labels >= text && s.labels + s.labels_len < text + size));
        promtext_has_label(&s, "simulated", "true");
        promtext_has_label(&s, "", "");
    }
    struct figures figures;
    figures_read(text, size, &figures);
    for (int i = 0; i < FIGURES; i++)
        assert(isfinite(figures.value[i]) && (figures.present[i] || figures.value[i] == 0));
    return 0;
}
