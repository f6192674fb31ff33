/*
 * file_name - the name that a client gives its file: foreign text, only ever shown back to it.
 */
#pragma once

enum { FILE_NAME_MAX = 255 };

/* Copies as many whole characters as fit. Control characters (C0, DEL, C1) and bytes that are no UTF-8 become
 * U+FFFD. */
void file_name_clean(const char *name, char out[FILE_NAME_MAX + 1]);
