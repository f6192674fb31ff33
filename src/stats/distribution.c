#include "distribution.h"

#include <math.h>

static double log_gamma(double x)
{
    int sign; /* lgamma() would write a global instead */
    return lgamma_r(x, &sign);
}

static double away_from_zero(double x)
{
    return fabs(x) < 1e-300 ? 1e-300 : x;
}

/* Converges in about sqrt(max(a, b)) rounds for x < (a + 1) / (a + b + 2). */
static double beta_fraction(double x, double a, double b)
{
    enum { ROUNDS_MAX = 100000 };
    double c = 1, d = 1 / away_from_zero(1 - (a + b) * x / (a + 1)), h = d;
    for (int m = 1; m <= ROUNDS_MAX; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        d = 1 / away_from_zero(1 + even * d);
        c = away_from_zero(1 + even / c);
        h *= d * c;
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1 / away_from_zero(1 + odd * d);
        c = away_from_zero(1 + odd / c);
        h *= d * c;
        if (fabs(d * c - 1) < 1e-15)
            break;
    }
    return h;
}

double distribution_beta(double x, double a, double b)
{
    if (x <= 0)
        return 0;
    if (x >= 1)
        return 1;
    double front = exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * log(x) + b * log1p(-x));
    if (x < (a + 1) / (a + b + 2))
        return front * beta_fraction(x, a, b) / a;
    return 1 - front * beta_fraction(1 - x, b, a) / b;
}

double distribution_beta_quantile(double p, double a, double b)
{
    double low = 0, high = 1;
    for (int i = 0; i < 100 && high - low > 1e-16; i++) {
        double middle = (low + high) / 2;
        if (distribution_beta(middle, a, b) < p)
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2;
}

double distribution_binomial(int64_t k, int64_t n, double q)
{
    if (k < 0)
        return 0;
    if (k >= n)
        return 1;
    return distribution_beta(1 - q, (double)(n - k), (double)k + 1);
}

double distribution_normal_quantile(double p)
{
    double low = -40, high = 40;
    for (int i = 0; i < 100; i++) {
        double middle = (low + high) / 2;
        if (erfc(-middle / M_SQRT2) / 2 < p)
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2;
}

/* For t > 0, P[|T| > t] = I_y(v/2, 1/2) with y = v / (v + t^2): DLMF 8.17 and Abramowitz and Stegun 26.7. */
double distribution_t_quantile(double p, double freedom)
{
    double tails = 2 * (p < 0.5 ? p : 1 - p);
    double y = distribution_beta_quantile(tails, freedom / 2, 0.5);
    double t = sqrt(freedom * (1 - y) / y);
    return p < 0.5 ? -t : t;
}
