/*
 * proc_fds - how many descriptors a process has open. Any thread.
 */
#pragma once

/* Without the one that counting takes. Returns -errno: EACCES of a process that is not ours to look into. */
int proc_fds_count(const char *proc, int pid);
