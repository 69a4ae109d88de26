#!/bin/sh
# Becomes a program with a clock of its own, which a file of its name sets.
export CHAOS_CLOCK="$CHAOS_CLOCKS/$1" LD_PRELOAD="$CHAOS_PRELOAD"
shift
[ -e "$CHAOS_CLOCK" ] || head -c 8 /dev/zero > "$CHAOS_CLOCK"
exec "$@"
