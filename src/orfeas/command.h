/*
 * command - what `orfeas` can do: each command is a function of its options and returns an exit code.
 */
#pragma once

#include "exit_code.h"
#include "options.h"

int cmd_run(struct options *o);
int cmd_check(struct options *o);
int cmd_doctor(struct options *o);
int cmd_image(struct options *o);
int cmd_version(struct options *o);
