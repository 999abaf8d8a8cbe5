#!/usr/bin/env bash
# A sample of scripts/fail_everything, scripts/kill_points and scripts/random_stops: the n-th allocation or system call fails, the process is killed
# at calls of a save, signals stop it. All n: the scripts themselves.
sample() { # name seconds command...
    local name=$1 log; shift
    log=$("$@" 2>&1)
    if [ $? -eq 0 ]; then echo "ok $name ($(tail -n 1 <<<"$log"))"; else echo "not ok $name"; grep -A 3 FAULT <<<"$log" | head -n 20; tail -n 1 <<<"$log"; fi
}
sample failing-allocations scripts/fail_everything 211 alloc
sample failing-calls scripts/fail_everything 29 open read write sync rename map name thread
sample interrupted-and-short-transfers scripts/fail_everything 6 eintr-read eintr-write short-read short-write
sample spilling-fails env SCENES=spill scripts/fail_everything 23 open read write sync name short-read short-write eintr-write
sample killed scripts/kill_points 20
sample killed-full env TUNING=full scripts/kill_points 10
sample stopped scripts/random_stops 8
