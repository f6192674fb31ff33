/* model: STL, OBJ, GLB and PLY files; what is valid is a closed surface. */
#include "fuzz.h"
#include "model_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct model_limits limits = {100000};
    struct model_report r;
    model_check(data, size, &limits, &r);
    assert(r.valid == !r.why[0]);
    assert(!r.valid || (r.watertight && r.open_edges == 0 && r.triangles > r.degenerate));
    assert(!r.valid || (r.vertices >= 3 && r.low[0] <= r.high[0]));
    return 0;
}
