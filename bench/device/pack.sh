# shellcheck shell=bash
# device.sh pack: builds the programs and fills a folder with all that a machine with a GPU needs. Sourced by
# device.sh, which sets these.
: "${scripts:?}" "${folder:?}" "${emulated:?}" "${built=}"

most_bytes=$((60 * 1024 * 1024))
libraries_there='libc.so.* libm.so.* libdl.so.* libpthread.so.* librt.so.* ld-linux-*.so.* libcublas*.so.*'

# Each program's name in the folder and in the build.
programs_of_build() {
  if [ "$emulated" = yes ]; then
    echo "device_bench bench/device/emulated/device_bench_emulated"
    echo "device_conformance tests/conformance_thrust/test_conformance_thrust_emulated"
  else
    echo "device_bench bench/device/device_bench"
    echo "device_conformance bench/device/conformance/device_conformance"
  fi
}

build() {
  local preset=device targets=(device_bench device_conformance)
  if [ "$emulated" = yes ]; then
    preset=dev targets=(device_bench_emulated test_conformance_thrust_emulated)
  elif ! command -v nvcc >/dev/null && [ ! -x "${CUDA_PATH:-/usr/local/cuda}/bin/nvcc" ]; then
    refuse "there is no nvcc: CUDA 13's builds what a GPU runs (or pack --emulated, for a device that the host plays)"
  fi
  built=$PWD/build/$preset
  cmake --preset "$preset" || fail "CMake did not configure the preset $preset (see above)"
  cmake --build "$built" --target "${targets[@]}" || fail "the programs were not built (see above)"
}

# Refuses a program that needs a library which a machine with a GPU may lack.
check_libraries() {
  local library pattern found allowed
  read -ra allowed <<<"$libraries_there"
  while read -r library; do
    found=no
    for pattern in "${allowed[@]}"; do
      # shellcheck disable=SC2053  # it is a pattern
      if [[ $library == $pattern ]]; then found=yes; fi
    done
    [ $found = yes ] || fail "$1 needs $library, which the machine may not have"
  done < <(readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
}

# The newest version of the C library that programs ask for.
c_library_of() { readelf -V "$@" | sed -n 's/.*Name: GLIBC_\([0-9.]*\).*/\1/p' | sort -V | tail -n 1; }

# What a program has device code for, where the toolkit can say.
check_architectures() {
  local architecture listed
  command -v cuobjdump >/dev/null || return 0
  listed=$(cuobjdump --list-elf "$1")
  for architecture in sm_80 sm_90 sm_100; do
    [[ $listed == *"$architecture."* ]] || fail "$1 has no device code for $architecture"
  done
}

# What the folder holds, as lines "name: value".
describe() {
  local commit dirty=''
  commit=$(git rev-parse --short HEAD 2>/dev/null || echo unknown)
  [ -z "$(git status --porcelain 2>/dev/null)" ] || dirty=' with changes'
  echo "device: $([ "$emulated" = yes ] && echo emulated || echo cuda)"
  echo "commit: $commit$dirty"
  echo "packed: $(date -u +%Y-%m-%dT%H:%M:%SZ)"
  if [ "$emulated" = no ]; then
    echo "architectures: sm_80 sm_90 sm_100, and PTX of compute_100"
    echo "c_library: $(c_library_of "$folder"/device/device_bench "$folder"/device/device_conformance) or newer"
  fi
}

pack() {
  local name program size
  if [ -e "$folder" ] && { [ ! -d "$folder" ] || [ -n "$(ls -A "$folder")" ]; }; then
    refuse "$folder is there and not empty: pack needs a new folder"
  fi
  case $folder in /*) ;; *) folder=$PWD/$folder ;; esac
  case $built in '' | /*) ;; *) built=$PWD/$built ;; esac
  cd "$scripts/../.." || exit
  [ -n "$built" ] || build
  while read -r name program; do
    [ -x "$built/$program" ] || refuse "$built has no program $program: build it first, or leave out --built"
  done < <(programs_of_build)

  mkdir -p "$folder/device"
  while read -r name program; do
    cp "$built/$program" "$folder/device/$name"
    if [ "$emulated" = no ]; then
      check_libraries "$folder/device/$name"
      check_architectures "$folder/device/$name"
    fi
  done < <(programs_of_build)
  cp "$scripts/../device.sh" "$folder/"
  cp "$scripts"/run.sh "$scripts"/report.sh "$scripts"/torch_*.py "$folder/device/"
  describe >"$folder/device/packed"
  size=$(du -sb "$folder" | cut -f 1)
  [ "$size" -lt $most_bytes ] || fail "$folder has $size bytes, expected less than $most_bytes"
  cat "$folder/device/packed"
  echo "size: $((size / 1024)) KiB"
  echo "there: bash $(basename "$folder")/device.sh run $(basename "$folder")"
}
