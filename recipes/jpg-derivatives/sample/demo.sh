#!/bin/sh
# The main job from start to end on sample images: a local Alma and S3, then
# the real commands, each printed before it runs.
#   demo.sh PROGRAM FOLDER
set -eu
program=$1
work=$2
sample=$(dirname "$0")

rm -rf "$work"
mkdir -p "$work"
PATH=$(dirname "$program"):$PATH
cp -R "$sample/jpg" "$sample/titles.csv" "$work"
cd "$work"

# runs a command as printed; 2 means that titles need a decision, as some of the sample do
run() {
  printf '\n$ almanac %s\n' "$*"
  almanac "$@" || [ $? -eq 2 ]
}

printf '$ almanac rehearsal --port 0 --titles titles.csv &\n'
mkfifo hold
almanac rehearsal --port 0 --titles titles.csv --ready ready.json --until-eof --log rehearsal.log <hold >rehearsal.txt 2>&1 &
exec 3>hold
trap 'exec 3>&-; wait; rm -f hold' EXIT
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  [ -s ready.json ] && break
  sleep 0.1
done
[ -s ready.json ] || { cat rehearsal.txt >&2; exit 1; }
cat rehearsal.txt

ALMANAC_API_URL=$(sed 's/.*"url":"\([^"]*\)".*/\1/' ready.json | tr -d '\\')
ALMA_API_KEY=rehearsal-key
export ALMANAC_API_URL ALMA_API_KEY
printf '\n$ export ALMANAC_API_URL=%s ALMA_API_KEY=%s\n' "$ALMANAC_API_URL" "$ALMA_API_KEY"

run plan jpg-derivatives --folder jpg --titles titles.csv -o demo.run
run apply demo.run
run verify demo.run
run report demo.run -o report.txt
cat report.txt
run report demo.run --format csv -o report.csv

printf '\nThe report is %s; the run file beside it has everything else.\n' "$work/report.txt"
