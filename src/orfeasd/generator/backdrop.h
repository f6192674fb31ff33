/*
 * backdrop - the background's colour as a smooth function of the place, fitted to a picture's border.
 *
 * Per channel a quadratic polynomial in x and y, by iteratively reweighted least squares with Cauchy weights,
 * so that an object that touches the border does not bend it; and one covariance of the residuals for all
 * places.
 */
#pragma once

enum { BACKDROP_TERMS = 6, BACKDROP_CHANNELS = 3 };

struct backdrop {
    int w, h;
    double factor[BACKDROP_CHANNELS][BACKDROP_TERMS];
    double precision[BACKDROP_CHANNELS][BACKDROP_CHANNELS]; /* inverse covariance */
};

/* `colour` is w * h of them, any unit near 0 to 255. */
void backdrop_fit(struct backdrop *b, int w, int h, const float (*colour)[BACKDROP_CHANNELS]);

/* Mahalanobis distance of row `y`'s pixels into out[w]. */
void backdrop_distance(const struct backdrop *b, int y, const float (*row)[BACKDROP_CHANNELS], float *out);
