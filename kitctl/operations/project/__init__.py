"""The job's folder: read what stands in it, or start one."""
