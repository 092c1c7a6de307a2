#!/usr/bin/env bash
# Tests and measures Cohort on a machine with a GPU, no network, and perhaps nothing but CUDA 13's runtime and cuBLAS:
#
#     bench/device.sh pack FOLDER     here: builds for sm_80, sm_90 and sm_100 and packs programs and scripts
#     FOLDER/device.sh run FOLDER     there, within 8 minutes: prints a table, writes device.json and device.md
#
#     pack --emulated                 for a device that the host plays: tries all this where there is no GPU
#     pack --built BUILD              packs what the build folder BUILD has, and builds nothing
#     run --small                     at small sizes (always so where the device is played)
#     run --only PART,PART...         of what there is only this; what is left out is said to be skipped
#
# The exit status is 0, 1 where something failed (it says what), 2 where the command makes no sense.
set -euo pipefail
export LC_ALL=C
scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/device

refuse() {
  printf 'device.sh: %s\n' "$1" >&2
  exit 2
}
fail() {
  printf 'device.sh: %s\n' "$1" >&2
  exit 1
}

explain() {  # by the comment above
  local line
  while IFS= read -r line && [ "$line" != 'set -euo pipefail' ]; do
    case $line in '#!'*) ;; *) printf '%s\n' "${line#'#'}" ;; esac
  done <"$scripts/../device.sh"
}

command=${1-}
case $command in
  pack | run) shift ;;
  -h | --help | help)
    explain
    exit 0
    ;;
  '') refuse "nothing was asked for: device.sh pack FOLDER, then device.sh run FOLDER" ;;
  *) refuse "there is no command $command: device.sh pack FOLDER, then device.sh run FOLDER" ;;
esac

folder='' emulated=no built='' small=no only=''
while [ $# -gt 0 ]; do
  case $command$1 in
    pack--emulated) emulated=yes ;;
    run--small) small=yes ;;
    pack--built | run--only)
      [ $# -gt 1 ] || refuse "$1 needs a value"
      if [ "$1" = --built ]; then built=$2; else only=$2; fi
      shift
      ;;
    pack--* | run--*) refuse "$command has no option $1" ;;
    *)
      [ -z "$folder" ] || refuse "there are two folders, $folder and $1: expected one"
      folder=$1
      ;;
  esac
  shift
done
[ -n "$folder" ] || refuse "$command needs a FOLDER"

case $command in
  pack)
    [ -f "$scripts/pack.sh" ] || refuse "a packed folder packs nothing: use bench/device.sh of the repository"
    # shellcheck source-path=SCRIPTDIR source=device/pack.sh
    . "$scripts/pack.sh"
    pack
    ;;
  run)
    # shellcheck source-path=SCRIPTDIR source=device/run.sh
    . "$scripts/run.sh"
    run
    ;;
esac
