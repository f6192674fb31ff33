/*
 * judge - a whole file's soup: is it a closed surface, and what are its numbers? Internal to this folder.
 */
#pragma once

#include "soup.h"

/* Of finite positions and indices in range. Fills all of the report but `format` and `why`; what is wrong is
 * the soup's `why`. */
void judge_soup(struct soup *s, struct model_report *ret);
