# shellcheck shell=bash
# device.sh run: runs all parts of a packed folder, each with a limit of its own, and goes on where one fails. Sourced
# by device.sh, which sets these. Needs bash and coreutils.
: "${scripts:?}" "${folder:?}" "${small:?}" "${only=}"
# shellcheck source-path=SCRIPTDIR source=report.sh
. "$scripts/report.sh"

budget=470              # seconds of all, so that a run is over within eight minutes
conformance_budget=180  # and of the conformance suite
parts='machine:20 copy:20 cublas:30 objective:20 gae:25 sampling:30 adam:20'  # and those of each part
parts+=' cart_pole_speed:45 cart_pole_time:45 generate:20 train:20 grpo:30'

# The parts that were asked for, by name.
asked_for() { [ -z "$only" ] || [[ ,$only, == *",$1,"* ]]; }

check_asked() {
  local name known=" conformance torch nvidia-smi "
  for name in $parts; do known+="${name%:*} "; done
  for name in ${only//,/ }; do
    [[ $known == *" $name "* ]] || refuse "there is no part $name; the parts are$known"
  done
}

has_results() {
  local line
  while IFS= read -r line; do
    case $line in '{'*'}') return 0 ;; esac
  done <"$1"
  return 1
}

must_print=no  # whether a part without results has failed

# attempt NAME LIMIT COMMAND...: runs it and notes how it ended. Lines of JSON that it prints are its results.
attempt() {
  local name=$1 limit=$2 left=$((budget - SECONDS)) status=0 began log
  shift 2
  log=$logs/$(printf '%03d' ${#names[@]})
  if [ $left -lt 3 ]; then
    note "$name" failed 0 "was not run: the $budget seconds of a run were over"
    return
  fi
  [ "$limit" -lt $left ] || limit=$left
  began=$(date +%s%3N)
  printf '%s ... ' "$name"
  timeout -k 3 "$limit" "$@" >"$log.out" 2>"$log.err" </dev/null || status=$?
  local seconds=$(($(date +%s%3N) - began))
  seconds=$(printf '%d.%03d' $((seconds / 1000)) $((seconds % 1000)))
  case $status in
    0)
      if [ "$must_print" = yes ] && ! has_results "$log.out"; then note "$name" failed "$seconds" "printed no result"
      else note "$name" passed "$seconds" '' "$log.out"; fi
      ;;
    77) note "$name" skipped "$seconds" "$(ending_of "$log.out")" ;;
    124 | 137) note "$name" failed "$seconds" "took longer than $limit s" "$log.out" ;;
    *) note "$name" failed "$seconds" "exit status $status: $(ending_of "$log.err" "$log.out")" "$log.out" ;;
  esac
}

# Each group of the conformance suite in a process of its own. One that CUDA ended is run once more with every kernel
# waited for, since else the error comes up in a later call.
conformance() {
  local group pattern until=$((SECONDS + conformance_budget)) left listed
  listed=$(cases_of_suite)
  if [ -z "$listed" ]; then
    attempt "conformance" 20 "$scripts/device_conformance" --list-tests  # says why
    [ "${statuses[-1]}" = failed ] || note "conformance" failed 0 "the program lists no test cases"
    return
  fi
  while IFS= read -r group; do
    pattern=${group//\\/\\\\} pattern=${pattern//,/\\,} pattern=${pattern//\[/\\[} pattern=${pattern//\]/\\]}
    left=$((until - SECONDS))
    if [ $left -lt 3 ]; then
      note "conformance $group" failed 0 "was not run: the suite's $conformance_budget seconds were over"
      continue
    fi
    attempt "conformance $group" $((left < 90 ? left : 90)) "$scripts/device_conformance" "$pattern"
    if [ "${statuses[-1]}" = failed ] && [[ ${messages[-1]} == *cudaError* ]]; then
      attempt "conformance $group, waiting for each kernel" 60 \
        env CUDA_LAUNCH_BLOCKING=1 "$scripts/device_conformance" "$pattern"
    fi
  done <<<"$listed"
}

# Catch2 lists its cases in one way in version 2 and in another in version 3.
cases_of_suite() {
  local line listed
  listed=$("$scripts/device_conformance" --list-test-names-only '~[.]' 2>/dev/null) || true
  [ -n "$listed" ] || listed=$("$scripts/device_conformance" --list-tests --verbosity quiet 2>/dev/null) || true
  while IFS= read -r line; do
    line=${line#"${line%%[! ]*}"}
    [ -z "$line" ] || printf '%s\n' "$line"
  done <<<"$listed"
}

# What the driver says of the device: clocks and power before and after.
ask_nvidia_smi() {
  local fields=name,driver_version,pstate,clocks.sm,clocks.mem,clocks.max.sm,clocks.max.mem
  fields+=,power.draw,power.limit,temperature.gpu,utilization.gpu
  if [ "$device" = emulated ]; then
    note "nvidia-smi $1" skipped 0 "the device is played by the host"
  elif ! command -v nvidia-smi >/dev/null; then
    note "nvidia-smi $1" skipped 0 "there is no nvidia-smi"
  else
    attempt "nvidia-smi $1" 20 nvidia-smi --query-gpu=$fields --format=csv
    printf -v "smi_$1" '%s' "$(ending_of "$logs/$(printf '%03d' $((${#names[@]} - 1))).out")"
  fi
}

# The same operations by PyTorch, where Python has one that reaches the device.
torch() {
  local where=cuda check='import torch; assert torch.cuda.is_available()' options=()
  [ "$device" = cuda ] || where=cpu check='import torch'
  [ "$small" = no ] || options+=(--small)
  if ! command -v python3 >/dev/null; then
    note torch skipped 0 "there is no python3"
  elif ! timeout -k 3 60 python3 -c "$check" >/dev/null 2>&1; then
    note torch skipped 0 "python3 has no torch that reaches the device"
  else
    attempt torch 90 python3 "$scripts/torch_ops.py" --device $where "${options[@]}"
  fi
}

# Where cuBLAS often is, for a loader that does not know: a toolkit's folders, and those of Python's packages.
find_cublas() {
  local place places=("${CUDA_PATH:-/usr/local/cuda}"/lib64 /usr/local/cuda*/lib64 /usr/local/cuda*/targets/*/lib)
  while IFS= read -r place; do places+=("$place/cu13/lib" "$place/cublas/lib"); done < <(
    timeout 20 python3 -c 'import nvidia; print(*nvidia.__path__, sep="\n")' 2>/dev/null || true
  )
  for place in "${places[@]}"; do
    [ ! -e "$place/libcublas.so.13" ] || export LD_LIBRARY_PATH=${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$place
  done
}

run() {
  local name options=()
  [ -f "$folder/device/packed" ] || refuse "$folder was not packed: bench/device.sh pack FOLDER does that"
  folder=$(cd "$folder" && pwd) scripts=$folder/device logs=$folder/logs
  check_asked
  read -r _ device <"$scripts/packed"
  [ "$device" = cuda ] || small=yes
  [ "$small" = no ] || options+=(--small)
  chmod +x "$scripts/device_bench" "$scripts/device_conformance" 2>/dev/null || true
  mkdir -p "$logs"
  # One device, so that a machine with eight does not start them all.
  export CUDA_VISIBLE_DEVICES=${CUDA_VISIBLE_DEVICES:-0}
  SECONDS=0
  find_cublas

  if asked_for nvidia-smi; then ask_nvidia_smi before; else leave_out "nvidia-smi before"; fi
  if asked_for machine; then attempt machine 20 "$scripts/device_bench" machine; else leave_out machine; fi
  if asked_for conformance; then conformance; else leave_out conformance; fi
  must_print=yes
  for name in $parts; do
    [ "$name" != machine:20 ] || continue
    if asked_for "${name%:*}"; then
      attempt "${name%:*}" "${name#*:}" "$scripts/device_bench" "${options[@]}" "${name%:*}"
    else leave_out "${name%:*}"; fi
  done
  if asked_for torch; then torch; else leave_out torch; fi
  must_print=no
  if asked_for nvidia-smi; then ask_nvidia_smi after; else leave_out "nvidia-smi after"; fi
  report
}
