#!/bin/sh
# Add up the summaries in the given reports. A report without one stands for a run that broke off.
awk '
    FNR == 1 { reports++ }
    /^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/ {
        if (!(FILENAME in seen)) { seen[FILENAME] = 1; complete++ }
        passed += $1; failed += $3; skipped += $5
    }
    END { printf "%d passed, %d failed, %d skipped\n", passed, failed + reports - complete, skipped }
' "$@"
