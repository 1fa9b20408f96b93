"""Tasks in other processes, of this machine or of a cluster, and what each may take."""
