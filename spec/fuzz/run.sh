#!/bin/sh
# Runs libFuzzer's programs side by side, each for some seconds, from the kept
# corpus. What is new goes to FOLDER/corpus; what a finding needs to happen
# again is in FOLDER/found. A line for each target; status 1 with any finding.
#   run.sh FOLDER SECONDS JOBS TARGET…
folder=$1 seconds=$2 jobs=$3
shift 3

one() {
  kept=spec/fuzz/corpus/$1 fresh=$folder/corpus/$1 log=$folder/$1.log
  dictionary=spec/fuzz/$1.dict
  mkdir -p "$fresh" "$folder/found"
  [ -f "$dictionary" ] && set -- "$1" -dict="$dictionary"
  name=$1
  shift
  case $name in oai|sru|errors|sheet) set -- "$@" -detect_leaks=0 ;; esac   # Lua frees later
  UBSAN_OPTIONS=print_stacktrace=1 "$folder/$name" "$@" -max_total_time="$seconds" -timeout=60 -rss_limit_mb=2048 \
    -max_len=5000 -print_final_stats=1 -verbosity=1 -artifact_prefix="$folder/found/$name-" "$fresh" "$kept" >"$log" 2>&1
  status=$?
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  if [ $status -eq 0 ]; then
    echo "$name: ${runs:-0} inputs, nothing found"
  else
    echo "$name: FOUND something after ${runs:-?} inputs; again with: $folder/$name $folder/found/$name-…"
    grep -v '^#[0-9]*	' "$log" | head -60
  fi
  return $status
}

if [ "$jobs" = one ]; then
  one "$1"
else
  printf '%s\n' "$@" | xargs -P "$jobs" -n 1 "$0" "$folder" "$seconds" one
fi
