# shellcheck shell=bash
# What device.sh run notes of its parts, and what it makes of that: device.json after each part, a table at the end.
# Sourced by run.sh, which sets these.
: "${folder:?}" "${budget=}" "${device=}" "${small=}"

names=() statuses=() took=() messages=() results=()
smi_before='' smi_after='' machine='null' torch_version='null'

# note NAME passed|failed|skipped SECONDS MESSAGE [FILE]: a part has ended; FILE has its results among its lines, and
# what it skipped.
note() {
  local line found='' status=$2 message=$4
  if [ $# -gt 4 ]; then
    while IFS= read -r line || [ -n "$line" ]; do
      case $line in
        '{"skipped": '*'}')
          [[ $line =~ \"skipped\":\ \"([^\"]*)\",\ \"why\":\ \"([^\"]*)\" ]] || continue
          if [ "${BASH_REMATCH[1]}" = "$1" ] && [ "$status" = passed ]; then status=skipped message=${BASH_REMATCH[2]}
          else add "${BASH_REMATCH[1]}" skipped 0 "${BASH_REMATCH[2]}" ''; fi
          ;;
        '{"torch": '*'}') torch_version=$line ;;
        '{"machine": '*'}') machine=${line#'{"machine": '} machine=${machine%\}} ;;
        '{"what": '*'}') found+=${found:+$'\n'}$line ;;
      esac
    done <"$5"
  fi
  add "$1" "$status" "$3" "$message" "$found"
  case $status in
    passed) echo "$3 s" ;;
    failed) echo "FAILED: $message" ;;
    skipped) [ "$3" = 0 ] || echo "skipped" ;;
  esac
  write_json
}
leave_out() { note "$1" skipped 0 "was not asked for"; }

add() {
  names+=("$1") statuses+=("$2") took+=("$3") messages+=("$4") results+=("$5")
}

# The last 600 characters of the first of some files that is not empty, on one line.
ending_of() {
  local file text=''
  for file in "$@"; do
    [ -n "$text" ] || text=$(tail -c 600 "$file" | tr -s '\n\t ' '   ')
  done
  text=${text# }
  printf '%s' "${text% }"
}

# Sets the variable to the text as a JSON string; what is not printable ASCII becomes a question mark.
set_json_string() {
  local text=$2 backslash=$'\\' quote='"'
  text=${text//"$backslash"/"$backslash$backslash"}
  text=${text//"$quote"/"$backslash$quote"}
  printf -v "$1" '"%s"' "${text//[^ -~]/?}"
}

write_json() {
  local i name message string line separator=''
  {
    printf '{"machine": %s, "torch": %s,\n' "$machine" "$torch_version"
    set_json_string string "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
    printf ' "date": %s, "seconds": %d, "small": "%s",\n' "$string" "$SECONDS" "$small"
    while IFS= read -r line; do
      set_json_string name "${line%%: *}"
      set_json_string string "${line#*: }"
      printf ' %s: %s,\n' "$name" "$string"
    done <"$folder/device/packed"
    set_json_string name "$smi_before"
    set_json_string string "$smi_after"
    printf ' "nvidia_smi_before": %s,\n "nvidia_smi_after": %s,\n "parts": [' "$name" "$string"
    for ((i = 0; i < ${#names[@]}; ++i)); do
      set_json_string name "${names[i]}"
      set_json_string message "${messages[i]}"
      printf '%s\n  {"part": %s, "status": "%s", "seconds": %s, "message": %s, "results": [%s]}' "$separator" "$name" \
        "${statuses[i]}" "${took[i]}" "$message" "${results[i]//$'\n'/, }"
      separator=,
    done
    printf '\n]}\n'
  } >"$folder/device.json.new"
  mv "$folder/device.json.new" "$folder/device.json"
}

# set_ratio VARIABLE A B: A / B with two decimals, of positive numbers as C prints them.
set_ratio() {
  local a b
  printf -v a '%.6f' "$2"
  printf -v b '%.6f' "$3"
  a=${a/./} b=${b/./}
  while [ ${#a} -gt 15 ] || [ ${#b} -gt 15 ]; do a=${a%?} b=${b%?}; done
  a=$((10#$a * 100 / (10#$b > 0 ? 10#$b : 1)))
  printf -v "$1" '%d.%02d' $((a / 100)) $((a % 100))
}

# The results as a table in Markdown, PyTorch's beside those of the same name and size.
table() {
  local i key line ratio ours theirs keys=()
  local -A unit=() share=() cohort=() pytorch=()
  local pattern='^\{"what": "([^"]*)", "size": "([^"]*)", "value": ([^,}]*), "unit": "([^"]*)"'
  pattern+='(, "share": ([0-9.]+), "of": "([^"]*)")?'
  for ((i = 0; i < ${#names[@]}; ++i)); do
    while IFS= read -r line; do
      [[ $line =~ $pattern ]] || continue
      key="${BASH_REMATCH[1]} | ${BASH_REMATCH[2]}"
      [ -n "${unit[$key]-}" ] || keys+=("$key")
      unit[$key]=${BASH_REMATCH[4]}
      [ -z "${BASH_REMATCH[6]}" ] || share[$key]="${BASH_REMATCH[6]} of ${BASH_REMATCH[7]}"
      if [ "${names[i]}" = torch ]; then pytorch[$key]=${BASH_REMATCH[3]}; else cohort[$key]=${BASH_REMATCH[3]}; fi
    done <<<"${results[i]}"
  done
  [ ${#keys[@]} -gt 0 ] || return 0
  if [ "$device" = emulated ]; then echo "Of a device that the host plays, at small sizes: these numbers say nothing."
  elif [ "$small" = yes ]; then echo "At small sizes: these numbers say little."; fi
  printf '\n| | size | unit | Cohort | share | PyTorch | times PyTorch |\n'
  echo '| --- | --- | --- | --- | --- | --- | --- |'
  for key in "${keys[@]}"; do
    ours=${cohort[$key]-} theirs=${pytorch[$key]-} ratio=''
    if [ -n "$ours" ] && [ -n "$theirs" ]; then set_ratio ratio "$ours" "$theirs"; fi
    echo "| $key | ${unit[$key]} | $(short "$ours") | ${share[$key]-} | $(short "$theirs") | $ratio |"
  done
}

# A number to four digits, if there is one.
short() { [ -z "$1" ] || printf '%.4g' "$1"; }

# list_of STATUS: those parts and why.
list_of() {
  local i
  for ((i = 0; i < ${#names[@]}; ++i)); do
    [ "${statuses[i]}" != "$1" ] || echo "$1: ${names[i]}: ${messages[i]}"
  done
}

report() {
  local i passed=0 failed=0 skipped=0
  for ((i = 0; i < ${#names[@]}; ++i)); do
    case ${statuses[i]} in
      passed) passed=$((passed + 1)) ;;
      failed) failed=$((failed + 1)) ;;
      *) skipped=$((skipped + 1)) ;;
    esac
  done
  write_json
  {
    table
    echo
    list_of skipped
    list_of failed
    echo
    echo "$passed passed, $failed failed, $skipped skipped in $SECONDS s"
  } >"$folder/device.md"
  echo
  cat "$folder/device.md"
  [ $failed = 0 ]
}
