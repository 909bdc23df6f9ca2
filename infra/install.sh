#!/bin/sh
# Make one environment of the project and install a locked set of packages into it:  infra/install.sh ENV LOCK...
# The locks name versions and hashes but no package index, so whatever index or wheel folder pip is set up for (a mirror,
# a folder without any network) is used, with the certificates pip trusts, here through uv, which is some ten times faster.
set -eu
env=$1; shift
say() { printf 'install: %s\n' "$*" >&2; }

python=${PYTHON:-}
for candidate in "$python" python3 python3.13 python3.12 python3.11; do
    if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then python=$candidate; break; fi
    python=
done
[ -n "$python" ] || { say "Python 3.11, 3.12 or 3.13 is needed and none was found. Install one, or set PYTHON=/path/to/python3."; exit 1; }

if [ ! -x "$env/bin/pip" ]; then
    say "making $env with $("$python" --version)"
    "$python" -m venv "$env" || { say "'$python -m venv' failed. On Debian and Ubuntu: apt install python3-venv"; rm -rf "$env"; exit 1; }
fi
pip() { "$env/bin/python" -m pip --disable-pip-version-check "$@"; }
[ -x "$env/bin/uv" ] || pip install --quiet --require-hashes -r requirements/uv.txt

setting() { pip config get "install.$1" 2>/dev/null || pip config get "global.$1" 2>/dev/null || true; }
index=${UV_DEFAULT_INDEX:-${PIP_INDEX_URL:-$(setting index-url)}}
links=${UV_FIND_LINKS:-${PIP_FIND_LINKS:-$(setting find-links)}}
[ -z "$index" ] || export UV_DEFAULT_INDEX="$index"
[ -z "$links" ] || export UV_FIND_LINKS="$links"
case ${PIP_NO_INDEX:-$(setting no-index)} in
    ''|0|[Ff]alse|[Nn]o|[Oo]ff) no_index= ;;
    *) no_index=--no-index ;;  # uv has an option for it, and no variable
esac
cert=${SSL_CERT_FILE:-${PIP_CERT:-$(setting cert)}}
[ -z "$cert" ] || export SSL_CERT_FILE="$cert"
export UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-true}  # as pip does; uv alone trusts only the roots it brings
export VIRTUAL_ENV="$PWD/$env" UV_LINK_MODE=${UV_LINK_MODE:-copy}

quiet=--quiet  # with a terminal: progress bars and the list of packages
[ ! -t 2 ] || quiet=
for lock in "$@"; do
    say "installing $lock into $env"
    "$env/bin/uv" pip install $quiet --no-deps $no_index --require-hashes -r "$lock"
done
# PROJECT=no: an environment of somebody else's program, in which ours is not wanted
[ "${PROJECT:-yes}" = no ] || "$env/bin/uv" pip install --quiet --no-deps --no-build-isolation -e .
say "done: $(du -sh "$env" | cut -f1) in $env"
"$env/bin/python" -c 'import ctypes; ctypes.CDLL("libgomp.so.1")' 2>/dev/null ||
    say "warning: this system has no libgomp.so.1, which the model server needs. On Debian and Ubuntu: apt install libgomp1"
