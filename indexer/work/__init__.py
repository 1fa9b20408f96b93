"""Run tasks in other processes, on this machine or a cluster, within limits on time and memory."""
