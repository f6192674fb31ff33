/*
 * process_stats - this process as the kernel sees it, from /proc/self.
 */
#pragma once

struct process_stats {
    double resident_bytes, virtual_bytes;
    double cpu_seconds;
    int open_fds, max_fds;
    int threads;
    double minor_faults, major_faults;
    double voluntary_switches, involuntary_switches;
};

/* What cannot be read stays 0. */
void process_stats_read(struct process_stats *ret);
