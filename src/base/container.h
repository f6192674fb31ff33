/*
 * container - from a member that was handed out to the struct that it lies in.
 */
#pragma once

#include <stddef.h>

#define CONTAINER(type, member, pointer) ((type *)((char *)(pointer)-offsetof(type, member)))
