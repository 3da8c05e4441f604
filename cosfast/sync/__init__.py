"""One-way sync of a local folder and a folder in a bucket: `cosfast.sync_up`, `cosfast.sync_down`.

A `SyncJob` (`job`) lists both sides (`listing`), plans from the names (`planner`), compares files
of the same name by size and SHA-1 (`comparator`), and executes the plan (`executor`) on the target
(`targets`). `filters` selects the names that take part; `results` holds what a sync yields.

Both listings are in memory before anything is changed, unlike in a sync that merges two sorted
listings: the number of deletions is checked first, and a folder is deleted after its content.
"""
