/*
 * distribution - the few distributions that intervals are made from. Pure functions, any thread.
 */
#pragma once

#include <stdint.h>

/* The regularised incomplete beta function I_x(a, b), a and b > 0: continued fraction DLMF 8.17.22 by Lentz's
 * method, absolute error below 1e-12 for a + b up to some millions. */
double distribution_beta(double x, double a, double b);
/* The x with I_x(a, b) = p. */
double distribution_beta_quantile(double p, double a, double b);

/* P[Bin(n, q) <= k]. */
double distribution_binomial(int64_t k, int64_t n, double q);

/* The z with P[N(0, 1) <= z] = p, 0 < p < 1. */
double distribution_normal_quantile(double p);
/* The t with P[T <= t] = p, 0 < p < 1, for Student's t with `freedom` >= 1 degrees of freedom. */
double distribution_t_quantile(double p, double freedom);
