#!/usr/bin/env bash
# Makes the virtual environment in which the Python peer of compare.py runs, outside the repository; with --language, that of
# language.py's peers, with --generation that of generation.py's, with --gae that of gae.py's, with
# --jax that of compare.py --jax. Run it again at will: what is there already stays.
#
#   bash bench/peers/setup.sh [--language | --generation | --gae | --jax] [FOLDER]      default ${XDG_CACHE_HOME:-$HOME/.cache}/cohort-peers[-language | -generation | -gae | -jax]
#
# PYTHON names the interpreter to build it from (default python3, 3.11 or later).
set -euo pipefail

pins=(stable-baselines3==2.9.2 sb3-contrib==2.9.2 gymnasium==1.4.0 numpy==2.4.6 torch==2.15.0)
name=cohort-peers
if [[ ${1-} == --language ]]; then
  pins=(transformers==5.23.0 trl==1.16.0 liger-kernel==0.8.5 numpy==2.4.6 torch==2.15.0)
  name=cohort-peers-language
  shift
elif [[ ${1-} == --generation ]]; then
  pins=(xllamacpp==2026.10.11549 openvino==2026.4.1 openvino-genai==2026.4.1.0 optimum-intel==2.2.0 transformers==5.5.4 torch==2.15.0)
  name=cohort-peers-generation
  shift
elif [[ ${1-} == --gae ]]; then
  pins=(stable-baselines3==2.9.2 torchrl==0.14.1 numpy==2.4.6 torch==2.15.0)
  name=cohort-peers-gae
  shift
elif [[ ${1-} == --jax ]]; then
  pins=(jax==0.10.2 jaxlib==0.10.2 gymnax==1.0.1 optax==0.2.8 numpy==2.4.6 six==1.17.0)
  name=cohort-peers-jax
  shift
fi

if (($# > 1)) || [[ ${1-} == -* ]]; then
  echo "usage: bash ${0} [--language | --generation | --gae | --jax] [FOLDER]" >&2
  exit 2
fi
folder=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/$name}
python=$folder/bin/python

# True where every pin is installed in exactly that version (a build tag such as +cpu is no difference).
complete() {
  [[ -x $python ]] && "$python" - "${pins[@]}" <<'PYTHON'
import sys
from importlib.metadata import PackageNotFoundError, version

for pin in sys.argv[1:]:
    name, wanted = pin.split("==")
    try:
        found = version(name).split("+")[0]
    except PackageNotFoundError:
        sys.exit(1)
    if found != wanted:
        sys.exit(1)
PYTHON
}

if ! complete; then
  if [[ ! -x $python ]]; then
    if ! "${PYTHON:-python3}" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
      echo "setup.sh: needs Python 3.11 or later; name one with PYTHON=..." >&2
      exit 2
    fi
    mkdir -p "$folder"
    if ! "${PYTHON:-python3}" -m venv "$folder"; then
      echo "setup.sh: could not make a virtual environment (on Debian and Ubuntu: apt-get install python3-venv)" >&2
      exit 2
    fi
  fi
  "$python" -m pip install --disable-pip-version-check "${pins[@]}"
  complete || { echo "setup.sh: $folder does not hold ${pins[*]}" >&2; exit 1; }
fi
echo "$python"
