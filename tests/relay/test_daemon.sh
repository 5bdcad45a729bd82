#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# zks-relay as people run it: flags, files, variables, exit codes, signals, log lines.
set -u
relay=${ZKS_BIN_DIR:?}/zks-relay
folder=$(mktemp -d "${TMPDIR:-/tmp}/zks-daemon-XXXXXX")
trap 'jobs -p | xargs -r kill -9 2>/dev/null; rm -rf "$folder"' EXIT
failures=0

check() { # description, expected, got
  if [ "$2" != "$3" ]; then
    printf 'FAILED: %s: expected "%s", got "%s"\n' "$1" "$2" "$3"
    failures=$((failures + 1))
  fi
}
has() { # description, part, whole
  case $3 in
    *"$2"*) ;;
    *) check "$1" "...$2..." "$3" ;;
  esac
}
# start NAME ARGS...: runs a relay and waits for its first line; sets pid and address
start() {
  local name=$1
  shift
  mkfifo "$folder/$name.out"
  "$relay" --listen 127.0.0.1:0 --data "$folder/$name" "$@" >"$folder/$name.out" 2>"$folder/$name.err" &
  pid=$!
  exec 9<"$folder/$name.out"
  line=
  IFS= read -r -t 30 line <&9
  address=${line#*address=}
  address=${address%% *}
}
# finish SIGNAL: ends the started relay; sets code
finish() {
  kill -"$1" "$pid"
  wait "$pid"
  code=$?
  exec 9<&-
}

has "version" "zks-relay " "$("$relay" --version)"
help=$("$relay" --help)
has "help lists options" "--disk-bytes" "$help"
has "help has examples" "Examples:" "$help"
has "help has exit codes" "Exit codes:" "$help"

"$relay" --no-such-flag 2>"$folder/err"
check "unknown flag" 2 $?
"$relay" stray 2>"$folder/err"
check "stray word" 2 $?
"$relay" --hello-ms 5 2>"$folder/err"
check "bad value" 2 $?
has "bad value is named" "hello_ms = '5'" "$(cat "$folder/err")"
"$relay" --config "$folder/none" 2>"$folder/err"
check "missing file" 2 $?
has "missing file is named" "$folder/none" "$(cat "$folder/err")"

printf 'name = from file\nhello_ms = 1000\nidle_ms = 2000\n' >"$folder/conf"
printed=$(ZKS_RELAY_HELLO_MS=3000 "$relay" --config "$folder/conf" --idle-ms 4000 --print-config)
has "file counts" "name = from file" "$printed"
has "variable over file" "hello_ms = 3000" "$printed"
has "flag over file" "idle_ms = 4000" "$printed"
printf '%s\n' "$printed" >"$folder/conf2"
"$relay" --config "$folder/conf2" --check-config >/dev/null
check "what it prints it can read" 0 $?
printf 'bogus = 1\n' >>"$folder/conf"
"$relay" --config "$folder/conf" --check-config 2>"$folder/err"
check "unknown name in file" 2 $?
has "its line is named" "line 4" "$(cat "$folder/err")"

start one --log-format json
has "start-up line" " ready address=zks://" "$line"
"$relay" --listen "127.0.0.1:${address##*:}" --data "$folder/two" 2>"$folder/err"
check "port in use" 3 $?
"$relay" --listen 127.0.0.1:0 --data "$folder/one" 2>"$folder/err"
check "data folder in use" 4 $?
has "the holder is named" "$pid" "$(cat "$folder/err")"
finish TERM
check "SIGTERM" 0 "$code"
while IFS= read -r json; do
  printf '%s' "$json" | python3 -c 'import json,sys; d=json.loads(sys.stdin.read()); d["time"], d["level"], d["event"]' ||
    check "a JSON line" valid "$json"
done <"$folder/one.err"
check "no address in the log" 0 "$(grep -c "${address##*@}" "$folder/one.err")"

first=$address
rm "$folder/one.out"
start one
check "the key stays" "${first%@*}" "${address%@*}"
finish INT
check "SIGINT" 0 "$code"

printf 'not a database, not at all, %0200d' 0 >"$folder/one/relay.db"
"$relay" --listen 127.0.0.1:0 --data "$folder/one" 2>"$folder/err"
check "damaged store" 4 $?
has "with its cure" "restore a backup" "$(cat "$folder/err")"
"$relay" --listen 127.0.0.1:0 --data "$folder/a/b/c" 2>"$folder/err"
check "impossible folder" 4 $?
check "key file is private" 600 "$(stat -c %a "$folder/one/relay.key")"

if [ "$failures" -ne 0 ]; then
  echo "$failures failed"
  exit 1
fi
echo "all fine"
