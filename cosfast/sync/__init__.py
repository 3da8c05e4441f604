"""Trees in a folder and in a bucket made equal: `cosfast.sync_up` and `cosfast.sync_down`.

The way of a sync: both trees are read (`local`, `remote`, `trees`); where their names differ is
planned (`plan`); files of one name are compared, by size and then by SHA-1 (`compare`, `digests`);
and what that comes to is carried out (`steps`), by hands that know one direction (`up`, `down`).
"""
