/* The search: loaded when it is used, and working from a disk. */
