#!/bin/sh
# Becomes a program that a machine can tell from the others: by a clock, which a file of its name sets, and by its group.
export CHAOS_CLOCK="$CHAOS_APART/$1.clock" LD_PRELOAD="$CHAOS_PRELOAD"
group="$CHAOS_APART/$1.group"
shift
[ -e "$group" ] || exec "$@"
# Where its group changes, the kernel forgets that it is to die with its parent (prctl(2)).
exec setpriv --regid "$(cat "$group")" --keep-groups --pdeathsig KILL "$@"
