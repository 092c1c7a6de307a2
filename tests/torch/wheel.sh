#!/usr/bin/env bash
# Builds and runs the torch tests, the example and the benchmarks against the LibTorch inside the wheel of torch from PyPI (CPU), which is too large
# for every run of the tests. The first argument is a folder for the virtual environment and the build, the second a version (the newest where there is none);
# a third, if given, is a Python whose environment has torch already.
set -euo pipefail
root="$(cd "$(dirname "$0")/../.." && pwd)"
folder="${1:?usage: tests/torch/wheel.sh FOLDER [VERSION] [PYTHON]}"
python="${3:-$folder/venv/bin/python}"
if [ ! -x "$python" ]; then
  python3 -m venv "$folder/venv"
  "$python" -m pip install --quiet "torch${2:+==$2}"
fi
prefix="$("$python" -c 'import torch; print(torch.utils.cmake_prefix_path)')"
# A wheel for CUDA brings its own NCCL, which an older one beside the toolkit hides from the linker (not from the loader).
cmake -S "$root" -B "$folder/build" -G Ninja -DCMAKE_BUILD_TYPE=Release "-DCMAKE_CXX_FLAGS=-march=native" "-DTorch_DIR=$prefix/Torch" \
  -DCMAKE_EXE_LINKER_FLAGS=-Wl,--allow-shlib-undefined -DCOHORT_INSTALL=OFF -DCOHORT_WARNINGS_AS_ERRORS=OFF ${CXX:+-DCMAKE_CXX_COMPILER=$CXX}
cmake --build "$folder/build" -j 2 --target test_torch torch_module bench_update_torch bench_update_libtorch
ctest --test-dir "$folder/build" --output-on-failure --no-tests=error -R "^(torch/|examples/torch_module)"
